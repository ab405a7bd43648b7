import t from 'tap'
import { foreseePrompts } from '../../../prove/tools/foresee-prompts.ts'
import { ran } from '../support/ran.ts'

const warningFor = (stdout: string, code = 0) =>
  foreseePrompts({
    run: async () => ran(stdout, code),
    control: async () => ({ status: undefined, body: undefined }),
  })
const kubeconfig = (exec: unknown) => JSON.stringify({ users: [{ name: 'x', user: { exec } }] })

t.test('a kubelogin that asks in a browser is warned of', async (t) => {
  for (const args of [
    ['get-token', '--login', 'devicecode', '--server-id', 'x'],
    ['get-token', '--login=interactive'],
    ['get-token', '-l', 'devicecode'],
    // Its default is devicecode.
    ['get-token', '--environment', 'AzurePublicCloud'],
    undefined,
  ])
    for (const command of ['kubelogin', '/usr/local/bin/kubelogin', 'C:\\az\\kubelogin.exe'])
      t.match(await warningFor(kubeconfig({ command, args })), '--login azurecli', `${args}`)
})

t.test('no other sign-in is', async (t) => {
  for (const exec of [
    { command: 'kubelogin', args: ['get-token', '--login', 'azurecli'] },
    { command: 'kubelogin', args: ['get-token', '--login=workloadidentity'] },
    { command: 'aws', args: ['eks', 'get-token'] },
    { command: 'not-kubelogin' },
    { command: { toString: 7 }, args: [{}] },
    null,
  ])
    t.equal(await warningFor(kubeconfig(exec)), undefined, JSON.stringify(exec))
  for (const text of ['', '{}', '[]', '{"users":7}', '{"users":[null]}'])
    t.equal(await warningFor(text), undefined, text)
  t.equal(await warningFor(kubeconfig({ command: 'kubelogin' }), 1), undefined)
})
