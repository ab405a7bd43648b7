import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startTestEmulator } from '../support/servers/start-test-emulator.ts'
import { makePod, runToEnd, secretFile, secretVariable } from './harness/pod.ts'

t.test('files and variables are there when the agent has ended', async (t) => {
  const emulator = await startTestEmulator(t, {
    secrets: 'db-password: correct horse\napi-key: k1',
  })
  const pod = await makePod(t, emulator, {
    files: [secretFile('db-password'), secretFile('api-key', { path: 'creds/api.key' })],
    env: [secretVariable('DB_PASSWORD', 'db-password')],
  })
  const { code, output } = await runToEnd(t, pod)
  t.equal(code, 0, output)
  t.equal(readFileSync(join(pod.files, 'db-password'), 'utf8'), 'correct horse')
  t.equal(readFileSync(join(pod.files, 'creds/api.key'), 'utf8'), 'k1')
  t.equal(statSync(join(pod.files, 'creds/api.key')).mode & 0o7777, 0o444)
  t.equal(readFileSync(join(pod.env, 'env'), 'utf8'), "DB_PASSWORD='correct horse'\n")
  t.equal(statSync(join(pod.env, 'env')).mode & 0o7777, 0o400)
  t.strictSame(
    readdirSync(pod.files).filter((name) => !/^\.\.\d{4}_/.test(name)),
    ['..data', 'creds', 'db-password'],
  )
  const gets = emulator.requests.filter(({ path }) => path.includes('/secrets/'))
  t.equal(gets.length, 2, 'each object is asked for once, with the token at once')
  t.notMatch(output, /correct horse/)
  t.equal(readFileSync(pod.terminationLog, 'utf8'), '')
})

t.test('with a complete set in place, a vault that hangs doesn’t delay the pod', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: v' })
  const pod = await makePod(t, emulator, { files: [secretFile('a')] })
  t.equal((await runToEnd(t, pod)).code, 0)
  emulator.addFault({ match: { service: 'entra' }, action: { kind: 'delay', delayMs: 600_000 } })
  const { code, output } = await runToEnd(t, pod)
  t.equal(code, 0, output)
  t.match(output, 'the pod keeps its current files')
  t.equal(readFileSync(join(pod.files, 'a'), 'utf8'), 'v')
})
