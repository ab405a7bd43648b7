import t from 'tap'
import { run } from './run.ts'

t.test('help names every command', async (t) => {
  const { code, stdout } = await run(['--help'])
  t.equal(code, 0)
  for (const name of ['demo', 'check', 'inject', 'fetch', 'emulator', 'webhook', 'agent', 'certs'])
    t.match(stdout, new RegExp(`^  ${name} `, 'm'))
  t.match(stdout, 'AKV_INJECTOR_*')
})

t.test('each command has help of its own', async (t) => {
  const { code, stdout } = await run(['check', '--help'])
  t.equal(code, 0)
  t.match(stdout, /Usage: akv-injector check \[options\] <file\.\.\.>/)
})

t.test('a mistyped command or flag names the nearest, and is wrong usage', async (t) => {
  const command = await run(['injcet', 'x.yaml'])
  t.match(command, { code: 2, stderr: /unknown command 'injcet'\n\(Did you mean inject\?\)/ })
  const flag = await run(['emulator', '--dta', 'x.yaml'])
  t.match(flag, { code: 2, stderr: /unknown option '--dta'\n\(Did you mean --data\?\)/ })
})

t.test('a command without what it needs is wrong usage', async (t) => {
  t.match(await run(['check']), { code: 2, stderr: /missing required argument 'file'/ })
  t.match(await run(['sync']), { code: 2, stderr: /required option '--service-accounts <list>'/ })
  t.match(await run([]), { code: 2 })
})

t.test('the version is told', async (t) => {
  t.match(await run(['--version']), { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
})
