import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { startApiServer } from '../support/api-server/start-api-server.ts'
import { run, start } from '../support/run-command-line.ts'
import { startSilentServer } from '../support/servers/start-silent-server.ts'
import { startTestEmulator } from '../support/servers/start-test-emulator.ts'
import { annotations, vaultData } from './harness/simulation.ts'

const db = '[{ secret: db, data: "password=db-password" }]'

/** The controller as a process of its own, as the image runs it, and its log lines as they come. */
async function startSync(t: Test) {
  const azure = await startTestEmulator(t, { yaml: vaultData })
  const apiServer = await startApiServer(t)
  apiServer.tokenOf = (namespace, serviceAccount) =>
    azure.serviceAccountToken({ namespace, serviceAccount })
  // A test has one folder, and making it empties it.
  const caFile = join(dirname(apiServer.kubeconfigFile), 'ca.crt')
  writeFileSync(caFile, azure.caPem)
  apiServer.rights.enable('team-a', ['web'])
  const args = ['sync', '--health-listen=127.0.0.1:0']
  const process = start(args, {
    KUBECONFIG: apiServer.kubeconfigFile,
    // Of no consequence: the SDKs don't see them.
    MSAL_FORCE_REGION: 'westeurope',
    ALL_PROXY: 'not a URL',
    AKV_INJECTOR_CLOUD: 'custom',
    AKV_INJECTOR_AUTHORITY_HOST: azure.url,
    AKV_INJECTOR_VAULT_URL: azure.vaultUrl,
    AKV_INJECTOR_CA_FILE: caFile,
  })
  t.teardown(() => process.child.kill('SIGKILL'))
  const lines = createInterface(process.child.stdout)[Symbol.asyncIterator]()
  async function line(message: RegExp): Promise<Readonly<Record<string, unknown>>> {
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new Error(`it ended: ${process.output.stderr}`)
      const read = JSON.parse(value)
      if (message.test(String(read.message))) return read
    }
  }
  return { ...process, azure, apiServer, line }
}

t.test(
  'the sync controller fills a Secret, serves health and metrics, and ends with 0 on SIGTERM',
  async (t) => {
    const { apiServer, child, ended, line } = await startSync(t)
    apiServer.accounts.put('team-a', 'web', annotations(db))
    const { healthPort } = await line(/^syncing Secrets$/)
    t.match(await line(/^created Secret db$/), { level: 'info', account: 'team-a/web' })
    const ask = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${healthPort}${path}`)
      return { status: answer.status, text: await answer.text() }
    }
    t.match(await ask('/healthz'), { status: 200 })
    t.match(await ask('/readyz'), { status: 200 })
    // The round ends a moment after it has said so.
    const synced = 'akv_injector_sync_secrets{namespace="team-a",account="web",state="synced"} 1'
    let metrics = await ask('/metrics')
    while (!metrics.text.includes(synced)) metrics = await ask('/metrics')
    t.equal(metrics.status, 200)
    child.kill('SIGTERM')
    const { code, stdout, stderr } = await ended
    t.equal(code, 0)
    t.equal(stderr, '')
    t.notMatch(stdout, /correct horse|test-api-server-token|eyJ/)
  },
)

t.test(
  'the sync controller isn’t ready before it has listed the accounts, and can end during a round',
  async (t) => {
    const { apiServer, child, ended, line, azure } = await startSync(t)
    apiServer.before = ({ path }) => (path.endsWith('/serviceaccounts') ? [503, {}] : undefined)
    const { healthPort } = await line(/^syncing Secrets$/)
    // First, it looks for the namespaces and asks for its rights.
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${healthPort}/readyz`)
      t.equal(answer.status, 503)
      if (/^the ServiceAccounts have not been listed yet/.test(await answer.text())) break
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    azure.addFault({ match: { service: 'vault' }, action: { kind: 'delay', delayMs: 600_000 } })
    apiServer.accounts.put('team-a', 'web', annotations(db))
    apiServer.before = () => undefined
    while (!azure.requests.some(({ path }) => path.includes('/secrets/')))
      await new Promise((resolve) => setTimeout(resolve, 10))
    child.kill('SIGINT')
    t.match(await ended, { code: 0 })
    t.strictSame(apiServer.secrets.names(), [])
  },
)

t.test('all invalid settings are reported at once', async (t) => {
  const args = ['sync', '--watch=Team', '--health-listen=8080']
  const { code, stderr } = await run(args, { env: { AKV_INJECTOR_MISSPELT: 'x' } })
  t.equal(code, 2)
  t.match(stderr.trimEnd().split('\n'), [
    'akv-injector sync: invalid settings',
    /^ {2}--watch "Team": expected cluster or namespaces/,
    /^ {2}--health-listen "8080": expected an address/,
    /^ {2}AKV_INJECTOR_MISSPELT/,
  ])
})

t.test('a missing API server or a port that is taken ends it with 1', async (t) => {
  const { kubeconfigFile } = await startApiServer(t)
  const kubeconfig = `${kubeconfigFile}-empty`
  writeFileSync(kubeconfig, '{}')
  const args = ['sync']
  t.match(await run(args, { env: { KUBECONFIG: kubeconfig } }), {
    code: 1,
    stderr: /^akv-injector sync: cannot start: the kubeconfig names no cluster/,
  })
  const { port } = await startSilentServer(t)
  t.match(
    await run([...args, `--health-listen=127.0.0.1:${port}`], {
      env: { KUBECONFIG: kubeconfigFile },
    }),
    { code: 1, stderr: /cannot start: .*EADDRINUSE/ },
  )
})
