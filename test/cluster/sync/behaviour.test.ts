import { once } from 'node:events'
import { createInterface } from 'node:readline'
import t from 'tap'
import { connectCluster } from '../../../sync/cluster/api-server.ts'
import { environmentOf } from '../../manifests/rendered.ts'
import { start } from '../../support/run-command-line.ts'
import { showBehaviour } from '../../sync/harness/behaviour.ts'
import { until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { accountsIn, openSyncAccount, secretsIn } from './harness/sync-account.ts'

/** Tests sync with the permissions and policies of the chart. */
const { api, kubeconfigFile, namespaces, container } = await openSyncAccount(t)
const namespace = namespaces.teamA
process.env['KUBECONFIG'] = kubeconfigFile
const abort = new AbortController()
t.teardown(() => abort.abort())
const cluster = connectCluster({ signal: abort.signal })
const { metadata } = expectSuccess(
  await api.call({ method: 'GET', path: `${accountsIn(namespace)}/web` }),
).body

const patch = (name: string, fields: object) =>
  api.call({
    method: 'PATCH',
    path: `${secretsIn(namespace)}/${name}`,
    body: fields,
    contentType: 'application/merge-patch+json',
    query: { fieldManager: 'kubectl-edit' },
  })

t.test('on a real API server', async (t) => {
  await showBehaviour(t, {
    cluster,
    account: { namespace, name: 'web', uid: String(metadata['uid']) },
    others: {
      async write(name, values) {
        const entries = Object.entries(values).map(([key, value]) => [key, btoa(value)])
        const data = Object.fromEntries(entries)
        if ((await patch(name, { data })).status !== 404) return
        const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data }
        expectSuccess(await api.call({ method: 'POST', path: secretsIn(namespace), body }))
      },
      async offer(name) {
        expectSuccess(
          await patch(name, { metadata: { annotations: { 'akv-injector.io/adopt': 'true' } } }),
        )
      },
      async delete(name) {
        expectSuccess(await api.call({ method: 'DELETE', path: `${secretsIn(namespace)}/${name}` }))
      },
    },
  })
})

interface Told {
  readonly type: string
  readonly reason: string
  readonly message: string
}

t.test(
  'the program runs with the arguments of its Deployment, and emits events about a failing account',
  async (t) => {
    const annotations = { 'akv-injector.io/sync': 'no list' }
    expectSuccess(
      await api.call({
        method: 'PATCH',
        path: `${accountsIn(namespace)}/web`,
        body: { metadata: { annotations } },
        contentType: 'application/merge-patch+json',
      }),
    )
    const { child, ended } = start([...container.args, '--health-listen=127.0.0.1:0'], {
      ...environmentOf(container),
      KUBECONFIG: kubeconfigFile,
    })
    t.teardown(() => child.kill('SIGKILL'))
    const [line] = await once(createInterface(child.stdout), 'line')
    const { healthPort } = JSON.parse(line)
    await until(async () => (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).ok)
    const path = `/api/v1/namespaces/${namespace}/events`
    const told = async () =>
      expectSuccess(await api.call({ method: 'GET', path })).body['items'] as readonly Told[]
    await until(async () => (await told()).length > 0)
    t.match(await told(), [
      { type: 'Warning', reason: 'SyncFailed', message: 'akv-injector.io/sync' },
    ])
    child.kill()
    const { code, stdout } = await ended
    t.equal(code, 0)
    t.notMatch(stdout, 'forbidden')
  },
)
