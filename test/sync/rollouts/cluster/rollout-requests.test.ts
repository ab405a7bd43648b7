import { writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import t, { type Test } from 'tap'
import { openConnection } from '../../../../kubernetes/connection.ts'
import { rolloutRequests } from '../../../../sync/rollouts/cluster/rollout-requests.ts'
import { kubeconfigText } from '../../../support/kubeconfig-text.ts'
import { startHttpsServer } from '../../../support/servers/start-https-server.ts'

/** The requests of roll-outs to an API server that answers like this. */
async function requestsTo(t: Test, answer: (path: string) => unknown) {
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

t.test('of a pod, only what is needed is kept', async (t) => {
  const pod = (name: string, deletionTimestamp?: string) => ({
    metadata: {
      ...{ name, uid: `uid-${name}`, creationTimestamp: '2026-01-01T00:00:00Z', deletionTimestamp },
      annotations: { 'akv-injector.io/on-change': 'rollout', theirs: 'x'.repeat(1000) },
    },
    spec: { serviceAccountName: 'web', containers: [{ name: 'app', command: ['x'.repeat(1000)] }] },
  })
  const { listPods } = await requestsTo(t, (path) => ({
    metadata: { continue: path.includes('continue=') ? undefined : 'next' },
    items: [pod(path.includes('continue=') ? 'b' : 'a'), pod('gone', '2026-01-02T00:00:00Z')],
  }))
  const { pods, isCut } = await listPods({ namespace: 'team-a', account: 'web' })
  t.equal(isCut, false)
  t.strictSame(
    pods.map(({ name, account, own }) => [name, account, { ...own }]),
    ['a', 'b'].map((name) => [name, 'web', { 'on-change': 'rollout' }]),
  )
  t.notMatch(JSON.stringify(pods), /xxx/)
})

t.test('no more than 5,000 pods are read, and it is known that there are more', async (t) => {
  for (const [pages, isCut] of [
    [50, false],
    [51, true],
  ] as const) {
    let page = 0
    const { listPods, paths } = await requestsTo(t, () => ({
      metadata: { continue: ++page < pages ? `page ${page}` : '' },
      items: Array.from({ length: 100 }, () => ({})),
    }))
    t.match(await listPods({ namespace: 'team-a', account: 'web' }), { isCut })
    t.equal(paths.length, 50)
  }
})
