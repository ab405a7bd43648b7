import t, { type Test } from 'tap'
import { runInProcess } from '../../../support/run-in-process.ts'

interface Workload {
  readonly name?: string
  readonly kind?: string
  readonly replicas?: unknown
  readonly secrets?: string
  readonly refresh?: string
}

const workload = ({
  name = 'web',
  kind = 'Deployment',
  replicas,
  secrets = 'shop/=find:shop-*',
  refresh = '5m',
}: Workload) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name },
  spec: {
    replicas,
    template: {
      metadata: {
        annotations: {
          'akv-injector.io/vault': 'team-a',
          'akv-injector.io/secrets': secrets,
          'akv-injector.io/refresh': refresh,
        },
      },
      spec: { containers: [{ name: 'app', image: 'app' }] },
    },
  },
})

interface Finding {
  readonly code: string
  readonly severity: string
  readonly message: string
}

async function checkFolders(t: Test, folders: Readonly<Record<string, readonly Workload[]>>) {
  const folder = t.testdir(
    Object.fromEntries(
      Object.entries(folders).map(([name, workloads]) => [
        name,
        { 'web.json': JSON.stringify({ kind: 'List', items: workloads.map(workload) }) },
      ]),
    ),
  )
  const { stdout } = await runInProcess(['check', folder, '--output', 'json'])
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] }
  return findings.filter(({ message }) => message.includes('name objects instead of finding them'))
}
const check = (t: Test, ...workloads: readonly Workload[]) => checkFolders(t, { all: workloads })

t.test('pods that may need over half of a vault’s limit get one warning', async (t) => {
  t.strictSame(await check(t, { replicas: 1_500 }), [])
  const [warning, ...others] = await check(
    t,
    { replicas: 500 },
    { name: 'most', replicas: 1_500, secrets: 'a/=find:a-*, b/=find:b-*' },
  )
  t.match(warning, { severity: 'warning', code: 'AKV_CHECK_WARNING' })
  t.strictSame(others, [])
  t.equal(
    warning?.message,
    '2,000 pods in these files list vault team-a, with up to 267 requests a second if it has 1,000 secrets, the most that a pod may list; Key Vault serves 400 a second to all clients of a vault, and lists need half of that free; if the vault has more than 750 secrets, name objects instead of finding them, or refresh less often',
  )
  t.match(JSON.stringify(warning), 'most', 'it is at the workload that lists most')
})

t.test('what isn’t a list in each refresh doesn’t count', async (t) => {
  const counted = { replicas: 2_000 }
  t.equal((await check(t, counted)).length, 1)
  t.equal((await check(t, { ...counted, refresh: '1h' })).length, 0)
  t.equal((await check(t, { ...counted, refresh: '0' })).length, 0)
  t.equal((await check(t, { ...counted, secrets: 'db-password' })).length, 0)
  // A DaemonSet has no number of pods, and text isn't one.
  t.equal((await check(t, { kind: 'DaemonSet' })).length, 0)
  t.equal((await check(t, { replicas: '2000' })).length, 0)
  t.equal((await check(t, { replicas: -1 })).length, 0)
})

t.test('each vault counts for itself, whatever folder its pods are in', async (t) => {
  const half = { replicas: 1_000 }
  const both = [half, { ...half, name: 'api', secrets: 'a/=find:other:a-*' }]
  t.equal((await check(t, ...both)).length, 0)
  t.equal((await checkFolders(t, { dev: [half], prod: [half] })).length, 1)
})

t.test('a number of replicas that no cluster has is counted', async (t) => {
  const [warning] = await check(t, { replicas: 1e308 }, { name: 'api', replicas: 1e308 })
  t.match(
    warning?.message,
    'half of that free; name objects instead of finding them, or refresh less often',
  )
  t.ok((warning?.message.length ?? 0) < 5_000)
})
