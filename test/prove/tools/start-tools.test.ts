import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import t, { type Test } from 'tap'
import { startTools } from '../../../prove/tools/start-tools.ts'
import { fakeClock } from '../../support/fake-clock.ts'

/** Tools that find one program on the PATH. */
function toolsWith(t: Test, program: string, script: string) {
  const folder = t.testdir({ bin: {} })
  writeFileSync(join(folder, 'bin', program), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const { PATH } = process.env
  t.teardown(() => {
    process.env['PATH'] = PATH
  })
  process.env['PATH'] = `${join(folder, 'bin')}${delimiter}${PATH}`
  const { signal } = new AbortController()
  const said: string[] = []
  const tools = startTools({
    ...{ folder, clock: fakeClock({}), isAttended: true, say: (line: string) => said.push(line) },
    ...{ abort: signal, abortWaiting: signal, nextFile: () => 'x' },
  })
  return { folder, tools, said }
}

t.test('kubectl is waited for if it signs in by az', async (t) => {
  const { folder, tools, said } = toolsWith(
    t,
    'kubectl',
    'if ! [ -e "$0.signed-in" ]; then touch "$0.signed-in"; echo "Please run az login" >&2; exit 1; fi',
  )
  t.match(await tools.run({ tool: 'kubectl', args: ['get', 'pods'] }), { code: 0 })
  t.match(said, [/Run az login in another terminal/])
  t.equal(said.length, 1)
  t.strictSame(readdirSync(join(folder, 'bin')), ['kubectl', 'kubectl.signed-in'])
})

t.test('Terraform runs in a private folder, which a new root module replaces', async (t) => {
  const { folder, tools } = toolsWith(
    t,
    'terraform',
    'echo "$*"; cd "${1#-chdir=}" && cat main.tf.json && touch terraform.tfstate',
  )
  const root = join(folder, 'terraform')
  for (const name of ['one', 'two']) {
    const init = await tools.run({ tool: 'terraform', args: ['init'], root: { module: { name } } })
    t.match(init, { code: 0, stdout: `-chdir=${root} init\n` })
    t.match(init.stdout, `"name": "${name}"`)
    t.match(await tools.run({ tool: 'terraform', args: ['apply'] }), { code: 0, stdout: name })
    t.strictSame(readdirSync(root), ['main.tf.json', 'terraform.tfstate'])
    writeFileSync(join(root, 'terraform.tfstate.backup'), '')
  }
  t.equal(statSync(root).mode & 0o777, 0o700)
  t.equal(statSync(join(root, 'main.tf.json')).mode & 0o777, 0o600)
})
