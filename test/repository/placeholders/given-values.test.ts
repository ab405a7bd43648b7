import { join } from 'node:path'
import t from 'tap'
import { run } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { classText } from './manifests.ts'

const client = '22222222-2222-2222-2222-222222222222'
const open = { vault: 'kv-${ENV:-dev}', client: '<client-id>' }
const values = ['--set', `client-id=${client}`, '--set', 'ENV=prod']
const written = { vault: 'kv-prod', client }
const env = { AKV_INJECTOR_CSI: 'all', AKV_INJECTOR_AGENT_IMAGE: 'registry.example/akv:1' }

t.test('inject writes what it would write for written values', async (t) => {
  const input = classText(open).replace('image: app', 'image: ${IMAGE}\n      args: [$(X)]')
  const filled = await runInProcess(['inject', '-', ...values], { input, env })
  t.equal(filled.code, 0)
  t.match(filled.stdout, 'image: ${IMAGE}\n      args: [$(X)]\n', 'which nobody reads')
  const [, pod = ''] = filled.stdout.split('---\n')
  const [, expected = ''] = (
    await runInProcess(['inject', '-'], {
      input: classText(written).replace('image: app', 'image: ${IMAGE}\n      args: [$(X)]'),
      env,
    })
  ).stdout.split('---\n')
  t.match(expected, 'kv-prod')
  t.equal(pod, expected)
})

t.test('without a value, inject and fetch say what is wrong with the placeholder', async (t) => {
  const folder = t.testdir({ 'web.yaml': classText(open) })
  for (const args of [['inject'], ['fetch', '--output', join(folder, 'files')]]) {
    const { stdout, stderr } = await runInProcess([...args, join(folder, 'web.yaml')], { env })
    t.equal(stdout, '')
    t.match(stderr, 'parameters.clientID "<client-id>": expected a UUID')
    t.match(stderr, 'warning: no value for <client-id>; pass --set NAME=VALUE')
    t.notMatch(stderr, 'keyvaultName', 'the default is a name')
  }
})

t.test('fetch and demo read a pod with the values', async (t) => {
  const folder = t.testdir({ 'web.yaml': classText(open), values: `client-id=${client}\n` })
  const file = join(folder, 'web.yaml')
  const args = ['--from-env-file', join(folder, 'values')]
  const fetched = await runInProcess(['fetch', file, ...args], { env })
  t.match(fetched.stderr, '--output', 'the pod is accepted, and needs a folder')
  const { code, stdout } = await run(['demo', file, ...args], { env: { AKV_INJECTOR_CSI: 'all' } })
  t.equal(code, 0, stdout)
  t.match(stdout, 'kv-dev')
})

t.test(
  'a value that no placeholder needs is a line, because its name may be misspelt',
  async (t) => {
    const folder = t.testdir({ 'web.yaml': classText(open), values: 'OTHER=1\n' })
    const file = join(folder, 'web.yaml')
    const given = [...values, '--set', 'VAULTT=x', '--from-env-file', join(folder, 'values')]
    const line =
      'warning: --set VAULTT: no placeholder that is looked at in these files has this name\n'
    for (const args of [
      ['check', file],
      ['identity', file],
      ['inject', file],
      ['fetch', file, '--output', join(folder, 'files')],
    ]) {
      const { stderr } = await runInProcess([...args, ...given], { env })
      t.match(stderr, line)
      t.equal(stderr.match(/--set/g)?.length, 1)
    }
    const { code, stderr } = await runInProcess(['check', file, '--quiet', ...given], { env })
    t.same({ code, stderr }, { code: 0, stderr: '' })
  },
)

t.test('a file of values has no options for Node', async (t) => {
  const hostile = "NODE_OPTIONS=--import=data:text/javascript,console.error('ran')\n"
  const folder = t.testdir({
    'web.yaml': classText(open),
    values: `client-id=${client}\n${hostile}`,
  })
  const args = ['--from-env-file', join(folder, 'values')]
  const { code, stderr } = await run(['check', join(folder, 'web.yaml'), ...args], { env })
  t.same({ code, stderr }, { code: 0, stderr: '' })
})
