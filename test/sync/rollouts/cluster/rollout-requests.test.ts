import { writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import t from 'tap'
import { openConnection } from '../../../../kubernetes/connection.ts'
import { rolloutRequests } from '../../../../sync/rollouts/cluster/rollout-requests.ts'
import { kubeconfigText } from '../../../support/kubeconfig-text.ts'
import { startHttpsServer } from '../../../support/servers/start-https-server.ts'

/** The requests of roll-outs to an API server that answers like this. */
async function requestsTo(t: Tap, answer: (path: string) => unknown) {
  const paths: string[] = []
  const listener: RequestListener = ({ url = '' }, response) => {
    paths.push(url)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer(url)))
  }
  const server = await startHttpsServer(t, listener)
  const file = `${t.testdir()}/kubeconfig`
  writeFileSync(file, kubeconfigText({ server: server.url, caPem: server.caPem, token: 'x' }))
  process.env['KUBECONFIG'] = file
  const connection = openConnection({ signal: new AbortController().signal })
  const turns = { awaitTurn: async () => undefined, inTurn: <T>(work: () => Promise<T>) => work() }
  const costs = { note: () => undefined, take: () => 0, charge: () => undefined }
  return { ...rolloutRequests({ connection, turnsOf: () => turns, costs }), paths }
}
type Tap = Parameters<typeof startHttpsServer>[0]

t.test('a name that somebody made up doesn’t lead to another path', async (t) => {
  const { readOwner, readAccount, paths } = await requestsTo(t, () => ({ kind: 'Secret' }))
  const namespace = 'team-a'
  t.match(await readOwner('ReplicaSet', { namespace, name: 'web-5d4f' }), { kind: 'Secret' })
  t.match(await readAccount(namespace, 'web.v1'), { kind: 'Secret' })
  for (const name of ['../../../../../../api/v1/serviceaccounts', '..', 'x?watch=1', 'x#', '']) {
    t.equal(await readOwner('StatefulSet', { namespace, name }), undefined, name)
    t.equal(await readAccount(namespace, name), undefined, name)
  }
  t.strictSame(paths, [
    '/apis/apps/v1/namespaces/team-a/replicasets/web-5d4f',
    '/api/v1/namespaces/team-a/serviceaccounts/web.v1',
  ])
})
