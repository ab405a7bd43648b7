import t from 'tap'
import { heldReasons } from '../../../requests/rollouts/rollout-names.ts'
import { syncDeployment } from './harness/healthy-cluster.ts'
import { serveInstall } from './harness/serve-install.ts'

/** An account whose workloads are held back for these reasons. */
const account = (reasons: readonly string[], hasChange = true) => {
  const since = '2026-11-29T08:00:00.000Z'
  const workloads = reasons.map((why, i) => [
    `uid-${i}`,
    { name: `Deployment/web-${i}`, begun: [], held: { why, since } },
  ])
  const object = { version: '2', ...(hasChange && { changed: '2026-11-29T09:00:00.000Z' }) }
  const objects = { 'team-a:db': object }
  const record = JSON.stringify({ since, objects, workloads: Object.fromEntries(workloads) })
  const annotations = { 'rollout.akv-injector.io/record': record }
  return { kind: 'ServiceAccount', metadata: { namespace: 'team-a', name: 'web', annotations } }
}

async function doctorWith(t: Parameters<typeof serveInstall>[0], reasons: readonly string[]) {
  const { putObject, doctor } = await serveInstall(t)
  putObject(syncDeployment('--rollouts'))
  putObject(account(reasons))
  return doctor()
}

t.test('workloads that need help fail, and the others are counted', async (t) => {
  const { code, stdout } = await doctorWith(t, ['refused', 'paused', 'undone', 'refused'])
  t.equal(code, 1)
  t.match(stdout, /√ roll-outs are on; 2 workloads with old pods on purpose or for a while/)
  t.match(
    stdout,
    '× 2 workloads with pods that hold an old version: team-a Deployment/web-0, team-a Deployment/web-3: the API server refuses the patch',
  )
})

t.test('without any, nothing fails', async (t) => {
  const { code, stdout } = await doctorWith(t, [])
  t.equal(code, 0)
  t.match(stdout, /√ roll-outs are on$/m)
})

t.test('pods that can never be rolled out aren’t old before an object changes', async (t) => {
  const { putObject, doctor } = await serveInstall(t)
  putObject(syncDeployment('--rollouts'))
  putObject(account(['bare-pod', 'job', 'other-owner', 'paused'], false))
  t.match((await doctor()).stdout, /1 workload with old pods/)
})

t.test('each reason is reported', async (t) => {
  const { stdout } = await doctorWith(t, Object.keys(heldReasons))
  t.match(stdout, /9 workloads with old pods/)
  for (const why of ['refused', 'failing', 'daily-limit'] as const)
    t.match(stdout, heldReasons[why])
})

t.test('while roll-outs are off, records don’t count', async (t) => {
  const { putObject, doctor } = await serveInstall(t)
  putObject(syncDeployment())
  putObject(account(['refused']))
  t.notMatch((await doctor()).stdout, 'roll-outs')
})
