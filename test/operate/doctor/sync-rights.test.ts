import t from 'tap'
import { syncRolesFor } from '../../../repository/rbac/role.ts'
import { syncDeployment } from './harness/healthy-cluster.ts'
import { serveInstall } from './harness/serve-install.ts'

const settings = {
  watch: 'cluster',
  classes: false,
  externalSecrets: false,
  controllerNamespace: 'akv-injector',
} as const

const asking = (namespace: string, name = 'web') => ({
  kind: 'ServiceAccount',
  metadata: { namespace, name, annotations: { 'akv-injector.io/sync': '[]' } },
})
/** A Role without some verbs. */
const rolesWithout = (namespace: string, accounts: readonly string[], verbs: readonly string[]) =>
  syncRolesFor(namespace, accounts, settings).map((object) => ({
    ...object,
    ...(object.kind === 'Role' && {
      rules: (object['rules'] as readonly { readonly verbs: readonly string[] }[]).map((rule) => ({
        ...rule,
        verbs: rule.verbs.filter((verb) => !verbs.includes(verb)),
      })),
    }),
  }))

async function serveSync(t: Parameters<typeof serveInstall>[0]) {
  const served = await serveInstall(t)
  served.putObject(syncDeployment())
  return served
}
const linesAbout = (stdout: string) =>
  stdout.split('\n').filter((line) => line.includes('controller'))

t.test('every right that is missing is named, the namespace of -n first', async (t) => {
  const { putObject, doctor } = await serveSync(t)
  for (const namespace of ['team-a', 'team-b', 'team-c']) putObject(asking(namespace))
  for (const role of rolesWithout('team-a', ['web', 'enabled'], ['get', 'delete'])) putObject(role)
  for (const role of rolesWithout('team-b', ['web'], [])) putObject(role)
  const { code, stdout } = await doctor('-n', 'team-c')
  t.equal(code, 1)
  t.match(linesAbout(stdout), [
    '× ServiceAccount team-c/web requests Secrets, but the controller may not create serviceaccounts/token, patch serviceaccounts, get secrets, create secrets, patch secrets, delete secrets, create events there',
    '× ServiceAccount team-a/web requests Secrets, but the controller may not get secrets, delete secrets there',
    '× ServiceAccount team-a/enabled is enabled for Secret sync, but the controller may not get secrets, delete secrets there',
  ])
})

t.test('a rule that names no account enables none', async (t) => {
  const { putObject, doctor } = await serveSync(t)
  putObject(asking('team-a'))
  for (const role of rolesWithout('team-a', [], [])) putObject(role)
  t.match(linesAbout((await doctor()).stdout), [
    /but the controller may not create serviceaccounts\/token by a rule that names the account there$/,
  ])
})

t.test('the rule for roll-outs enables no account for Secret sync', async (t) => {
  const { putObject, doctor } = await serveSync(t)
  for (const role of syncRolesFor('team-a', [], { ...settings, rollouts: ['web'] })) putObject(role)
  const { code, stdout } = await doctor()
  t.equal(code, 0)
  t.notMatch(stdout, 'team-a/')
})

t.test('rights by a ClusterRole, a group and a star count', async (t) => {
  const { putObject, doctor, denied } = await serveSync(t)
  putObject(asking('team-a'))
  const [role, binding] = syncRolesFor('team-a', ['web'], settings)
  const [tokens] = (role?.['rules'] ?? []) as readonly object[]
  putObject({ ...role, rules: [tokens] })
  putObject({ ...binding })
  putObject({
    kind: 'ClusterRole',
    metadata: { name: 'wide' },
    rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
  })
  putObject({
    kind: 'ClusterRoleBinding',
    metadata: { name: 'wide' },
    roleRef: { kind: 'ClusterRole', name: 'wide' },
    subjects: [{ kind: 'Group', name: 'system:serviceaccounts:akv-injector' }],
  })
  t.match(linesAbout((await doctor()).stdout), [/has its rights for 1 ServiceAccount$/])
  denied.add('clusterroles')
  const unsure = await doctor()
  t.equal(unsure.code, 0, unsure.stdout)
  t.match(unsure.stdout, /^\? whether the controller has its rights for team-a\/web: no Role/m)
  t.match(unsure.stdout, /^\? .*the right to list clusterroles .* is missing in the whole cluster/m)
  denied.add('roles')
  const unread = await doctor()
  t.equal(unread.code, 0, unread.stdout)
  t.notMatch(unread.stdout, 'the controller has its rights')
  t.match(unread.stdout, /^\? the right to list these in namespace \S+ is missing: roles$/m)
})

t.test('all accounts are read, with few requests', async (t) => {
  const { server, putObject, doctor } = await serveSync(t)
  const count = 1200
  for (let i = 0; i < count; i += 1) {
    putObject(asking(`n-${i}`))
    for (const role of syncRolesFor(`n-${i}`, ['web'], settings)) putObject(role)
  }
  const { code, stdout } = await doctor()
  t.equal(code, 0, stdout)
  t.match(stdout, `the controller has its rights for ${count} ServiceAccounts`)
  t.ok(server.requests.length < 120, `${server.requests.length} requests`)
})
