import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fetchOnce } from '../../../init-agent/fetch/fetch-once.ts'
import { renderEnvFile } from '../../../init-agent/volume/env-file.ts'
import { prepareFileSet } from '../../../init-agent/volume/write-file-set.ts'
import { outputFiles } from '../../../laptop/fetch/output-files.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import { signInAt } from '../../keyvault/emulated-vault.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { startTestEmulator } from '../../support/servers/start-test-emulator.ts'
import { makePod, objectFile, runToEnd, secretFile, secretVariable } from '../harness/pod.ts'

const objects = 'certificates: { web: {} }'
const wanted = {
  files: [secretFile('a', { path: 'folder/a' }), objectFile('tls', 'web')],
  env: [secretVariable('A', 'a')],
}
const rest = () => ({ env: {}, log: memoryLog().log, signal: new AbortController().signal })

t.test('a single fetch fetches what the agent would write, with the given sign-in', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: value', objects })
  const pod = await makePod(t, emulator, wanted)
  const { code, output } = await runToEnd(t, pod)
  t.equal(code, 0, output)
  const folder = t.testdir({ out: {} })
  const signIn = await signInAt(t, emulator)
  for (const credential of [{ tokenFile: pod.tokenFile }, { signIn }]) {
    const { files, env } = await fetchOnce({ config: pod.config, credential, ...rest() })
    prepareFileSet(join(folder, 'out'), outputFiles({ files }, {})).commit()
    t.strictSame([...files.keys()], ['folder/a', 'web/tls.crt', 'web/tls.key', 'web/ca.crt'])
    for (const path of files.keys())
      t.strictSame(readFileSync(join(folder, 'out', path)), readFileSync(join(pod.files, path)))
    t.strictSame(renderEnvFile(env), readFileSync(join(pod.env, 'env')))
  }
})

t.test('a ready sign-in needs no client id, and a refusal names its principal', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: value' })
  const { config, tokenFile } = await makePod(t, emulator, { ...wanted, identity: {} })
  await t.rejects(fetchOnce({ config, credential: { tokenFile }, ...rest() }), {
    code: 'AKV_IDENTITY_MISSING',
  })
  const signIn = { ...(await signInAt(t, emulator)), principal: 'the developer' }
  emulator.addFault({ count: 9, action: { kind: 'forbidden', innerCode: 'ForbiddenByRbac' } })
  const impatient = { ...config, timeoutSeconds: 0 }
  await t.rejects(fetchOnce({ config: impatient, credential: { signIn }, ...rest() }), {
    code: 'AKV_FORBIDDEN',
    message: /the developer may not read it in vault team-a/,
  })
})

t.test('a single fetch fails if a required value is missing', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: value' })
  const { config, tokenFile } = await makePod(t, emulator, { files: [secretFile('absent')] })
  await t.rejects(fetchOnce({ config, credential: { tokenFile }, ...rest() }), AkvError)
  const nothing = { ...config, files: [] }
  await t.rejects(fetchOnce({ config: nothing, credential: { tokenFile }, ...rest() }), {
    code: 'AKV_CONFIG_INVALID',
  })
})
