import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { connect } from '../cluster/client/api.ts'
import { type ApiServer, startApiServer } from '../support/api-server/start-api-server.ts'
import { run, start } from '../support/run-command-line.ts'
import { startSilentServer } from '../support/servers/start-silent-server.ts'

type Line = Readonly<Record<string, unknown>>

/** The controller as a process of its own, and its log lines as they come. */
function startCerts(t: Test, kubeconfigFile: string, flags: readonly string[] = []) {
  const process = start(['certs', '--health-listen=127.0.0.1:0', ...flags], {
    KUBECONFIG: kubeconfigFile,
  })
  t.teardown(() => process.child.kill('SIGKILL'))
  const lines = createInterface(process.child.stdout)[Symbol.asyncIterator]()
  /** Reads on to the line with this message. */
  async function line(message: RegExp): Promise<Line> {
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new Error(`it ended: ${process.output.stderr}`)
      const read: Line = JSON.parse(value)
      if (message.test(String(read['message']))) return read
    }
  }
  return { ...process, line }
}

const secretsPath = '/api/v1/namespaces/akv-injector/secrets'
const secretNames = ['akv-injector-ca', 'akv-injector-webhook-tls']

/** Creates what the install would. */
async function install({ kubeconfigFile }: ApiServer): Promise<void> {
  const api = connect(kubeconfigFile)
  const post = (path: string, body: object) => api.call({ method: 'POST', path, body })
  for (const name of secretNames)
    await post(secretsPath, { apiVersion: 'v1', kind: 'Secret', metadata: { name } })
  await post('/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'zz-akv-injector' },
    webhooks: [
      {
        name: 'pods.akv-injector.io',
        clientConfig: { service: { namespace: 'akv-injector', name: 'akv-injector-webhook' } },
      },
    ],
  })
  api.close()
}

const health = async (port: unknown, path: string) => {
  const answer = await fetch(`http://127.0.0.1:${port}/${path}`)
  return { status: answer.status, text: await answer.text() }
}

t.test(
  'the certificate controller completes an install, logs each change, and exits on SIGTERM',
  async (t) => {
    const apiServer = await startApiServer(t)
    await install(apiServer)
    const { child, line, ended } = startCerts(t, apiServer.kubeconfigFile)
    const { healthPort } = await line(/^certificate controller started/)
    t.match(await line(/^issued a new CA/), {
      level: 'info',
      secret: 'akv-injector/akv-injector-ca',
      reason: 'the Secret is empty',
    })
    t.match(await line(/^published/), {
      webhookConfiguration: 'zz-akv-injector',
      added: 1,
      dropped: 0,
    })
    t.match(await line(/^issued/), { secret: 'akv-injector/akv-injector-webhook-tls' })
    await line(/^everything is in place/)
    t.match(await health(healthPort, 'healthz'), { status: 200, text: 'ok\n' })
    t.match(await health(healthPort, 'readyz'), { status: 200 })
    t.match(await health(healthPort, 'toString'), { status: 404 })
    child.kill('SIGTERM')
    const { code, stdout, stderr } = await ended
    t.equal(code, 0)
    t.equal(stderr, '')
    t.notMatch(stdout, /BEGIN|PRIVATE|test-api-server-token/)
  },
)

t.test('a missing Secret is reported until somebody creates it', async (t) => {
  const apiServer = await startApiServer(t)
  await install(apiServer)
  const api = connect(apiServer.kubeconfigFile)
  t.teardown(() => api.close())
  await api.call({ method: 'DELETE', path: `${secretsPath}/akv-injector-ca` })
  const { child, line, ended } = startCerts(t, apiServer.kubeconfigFile)
  const { healthPort } = await line(/^certificate controller started/)
  const sentence =
    /^Secret akv-injector\/akv-injector-ca does not exist: apply the install again to create it/
  t.match(await line(sentence), { level: 'error' })
  t.match(await health(healthPort, 'readyz'), { status: 503, text: sentence })
  t.match(await health(healthPort, 'healthz'), { status: 200 }, 'a restart would heal nothing')
  await line(sentence)
  await install(apiServer)
  await line(/^everything is in place/)
  child.kill('SIGINT')
  t.match(await ended, { code: 0 })
})

t.test('all invalid flags are reported together', async (t) => {
  const { code, stderr } = await run([
    'certs',
    '--namespace=Not_A_Name',
    '--service=',
    `--webhook-configuration=${'x'.repeat(300)}`,
    '--ca-secret=same',
    '--tls-secret=same',
    '--health-listen=8080',
  ])
  t.equal(code, 2)
  t.match(stderr.trimEnd().split('\n'), [
    'akv-injector certs: invalid settings',
    /^ {2}--namespace "Not_A_Name": expected at most 63 lower case letters/,
    /^ {2}--service "": expected/,
    /^ {2}--webhook-configuration "x+…": expected at most 253/,
    '  --tls-secret "same": must be another Secret than --ca-secret',
    '  --health-listen "8080": expected an address and a port, such as 0.0.0.0:8080 or [::]:8080',
  ])
  t.match(await run(['certs', '--namspace=x']), { code: 2, stderr: /Did you mean --namespace\?/ })
})

t.test(
  'the certificate controller exits with 1 without a usable kubeconfig, or if its port is taken',
  async (t) => {
    const kubeconfig = `${t.testdir()}/kubeconfig`
    writeFileSync(kubeconfig, '{}')
    t.match(await run(['certs'], { env: { KUBECONFIG: kubeconfig } }), {
      code: 1,
      stderr: /^akv-injector certs: cannot start: the kubeconfig names no cluster/,
    })
    const apiServer = await startApiServer(t)
    const { port } = await startSilentServer(t)
    t.match(
      await run(['certs', `--health-listen=127.0.0.1:${port}`], {
        env: { KUBECONFIG: apiServer.kubeconfigFile },
      }),
      { code: 1, stderr: /cannot start: .*EADDRINUSE/ },
    )
  },
)
