import { spawnSync } from 'node:child_process'
import t, { type Test } from 'tap'
import { withoutHelm } from '../../manifests/helm.ts'
import { readRendering } from '../../manifests/security/renderings.ts'
import { without } from '../../support/needs/without.ts'
import { connect, type KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { writeEarlierChart } from '../harness/install/earlier-chart.ts'
import { forgetRelease, helmUpgrade } from '../harness/install/helm-upgrade.ts'
import { installObjects, webhookConfiguration } from '../harness/install/install.ts'

/**
 * Tests `helm upgrade` from a chart that had a Role in each namespace with listed accounts, `helm rollback`, and the restore of
 * a deleted webhook configuration, while namespaces are deleted.
 */
const cluster = openCluster(t)
const api = connect(process.env['KUBECONFIG'] ?? '')
t.teardown(() => api.close())
const chart = t.testdir()
writeEarlierChart(chart)

const helm = (...args: readonly string[]) => {
  const { status, stderr } = spawnSync(process.env['HELM'] ?? 'helm', args, { encoding: 'utf8' })
  return { ok: status === 0, stderr }
}
const rollBack = (revision: number) =>
  helm('rollback', 'akv-injector', `${revision}`, '--namespace', 'akv-injector')

const roleIn = (namespace: string, kind = 'Role'): KubeObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind,
  metadata: { name: 'akv-injector-sync', namespace },
})
/** The identity of the Role and the RoleBinding: another one means that the permissions were gone for a moment. */
const rolesIn = async (namespace: string) => {
  const answers = await Promise.all(
    ['Role', 'RoleBinding'].map((kind) => cluster.get(roleIn(namespace, kind))),
  )
  return answers.map(({ body }) => body.metadata?.['uid'])
}
async function deleteNamespace(name: string): Promise<void> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
  await cluster.delete(namespace)
  await until(async () => (await cluster.get(namespace)).status === 404)
}
const createNamespace = async (name: string) =>
  expectSuccess(await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))

/** Runs the command that the chart's error message ends with. */
function keepRoles(message: string): void {
  const [, command = ''] = /Helm keeps them: kubectl (.*)/.exec(message) ?? []
  const { status, stderr } = spawnSync('kubectl', command.trim().split(' '), { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

/** What `doctor` compares the install with. */
const installedFacts: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'akv-injector-installed', namespace: 'akv-injector' },
}

async function installEarlier(t: Test, namespaces: readonly string[]): Promise<void> {
  t.teardown(async () => {
    await forgetRelease(api)
    for (const object of readRendering('sync')) await cluster.delete(object)
    // Helm has made them, so its fields would stay when another test applies one without them.
    for (const object of [webhookConfiguration(), installedFacts]) await cluster.delete(object)
    for (const object of installObjects()) await cluster.apply(object)
  })
  const listed = namespaces.map((name) => [name, { serviceAccounts: ['web'] }])
  helmUpgrade({ sync: { namespaces: Object.fromEntries(listed) } }, { chart })
}

const reuse = '--reset-then-reuse-values'
const upgrade = (...args: readonly string[]) => helmUpgrade({}, { args: [reuse, ...args] })
const problemOf = (act: () => void): string => {
  try {
    act()
    return ''
  } catch (error) {
    return String(error)
  }
}
const revision = (): number => {
  const { stdout } = spawnSync(
    process.env['HELM'] ?? 'helm',
    ['history', 'akv-injector', '--namespace', 'akv-injector', '--output', 'json', '--max', '1'],
    { encoding: 'utf8' },
  )
  return JSON.parse(stdout)[0].revision
}
const exists = async (object: KubeObject) => (await cluster.get(object)).status === 200

t.test(
  'permissions and the install survive deleted namespaces',
  { skip: withoutHelm || without('kubectl') },
  async (t) => {
    const [kept, early, late, later] = await Promise.all(
      Array.from({ length: 4 }, () => testNamespace(t, cluster)),
    )
    if (!kept || !early || !late || !later) throw new Error('no namespaces')
    await installEarlier(t, [kept, early, late, later])
    const earlier = revision()
    const before = await rolesIn(kept)
    t.equal(new Set(before).size, 2)

    await deleteNamespace(early)
    t.match(
      problemOf(() => helmUpgrade({}, { args: [reuse], chart })),
      `namespaces "${early}" not found`,
      'the earlier chart itself',
    )
    const problem = problemOf(() => upgrade())
    t.match(problem, 'this upgrade would delete the Role and the RoleBinding akv-injector-sync in')
    for (const namespace of [kept, late, later]) t.match(problem, namespace)
    t.notMatch(problem, early, 'they are gone already')
    t.strictSame(await rolesIn(kept), before)

    keepRoles(problem)
    upgrade()
    t.strictSame(await rolesIn(kept), before, 'not even for a moment without permissions')

    await deleteNamespace(late)
    await cluster.delete(webhookConfiguration())
    upgrade()
    t.ok(await exists(webhookConfiguration()), 'the restore of install.md')
    t.strictSame(rollBack(revision() - 1), { ok: true, stderr: '' })

    await t.test('a failed upgrade with --atomic is undone', async (t) => {
      // No pod starts on this cluster.
      t.match(
        problemOf(() => upgrade('--atomic', '--timeout', '2s')),
        'context deadline exceeded',
      )
      t.ok(await exists(webhookConfiguration()))
      t.strictSame(await rolesIn(kept), before)
    })

    await t.test('to go back to the earlier chart, the namespaces must exist', async (t) => {
      t.match(rollBack(earlier).stderr, /namespaces ".*" not found/)
      t.ok(await exists(webhookConfiguration()), 'a failed rollback deletes nothing')
      await createNamespace(early)
      await createNamespace(late)
      await deleteNamespace(later)
      await createNamespace(later)
      t.strictSame(rollBack(earlier), { ok: true, stderr: '' })
      t.strictSame(await rolesIn(kept), before)
      t.notSame(await rolesIn(later), [undefined, undefined], 'Helm has restored these')
      t.match(
        problemOf(() => upgrade()),
        'this upgrade would delete',
        'each upgrade asks again',
      )
    })
  },
)
