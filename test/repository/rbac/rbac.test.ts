import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { syncNeeds } from '../../../requests/access/sync-needs.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { account, csiClass, parseRoles, store } from './harness.ts'

const rbac = (input: string, ...args: readonly string[]) =>
  runInProcess(['rbac', '-', ...args], { input })

t.test('prints a Role and a RoleBinding for each namespace', async (t) => {
  const input = [account('web'), account('api'), account('web', { namespace: 'team-b' })]
  const { code, stdout, stderr } = await rbac(input.join('---\n'))
  t.match({ code, stderr }, { code: 0, stderr: '' })
  t.matchOnlyStrict(parseRoles(stdout).enabled, { 'team-a': ['api', 'web'], 'team-b': ['web'] })
  t.match(stdout, 'ClusterRole admin in a namespace may apply this')
  const [role, binding] = parseRoles(stdout).objects
  const metadata = { name: 'akv-injector-sync', namespace: 'team-a' }
  t.strictSame(role, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata,
    rules: [
      {
        apiGroups: [''],
        resources: ['serviceaccounts/token'],
        resourceNames: ['api', 'web'],
        verbs: ['create'],
      },
      {
        apiGroups: [''],
        resources: ['serviceaccounts'],
        resourceNames: ['api', 'web'],
        verbs: ['patch'],
      },
      { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'create', 'patch', 'delete'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create'] },
    ],
  })
  t.strictSame(binding, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'akv-injector-sync' },
    subjects: [{ kind: 'ServiceAccount', name: 'akv-injector-sync', namespace: 'akv-injector' }],
  })
})

t.test(
  'with --namespace, nothing is printed for another one, whatever the files say',
  async (t) => {
    const foreign = account('admin', { namespace: 'kube-system' })
    const sentence =
      'ServiceAccount admin is in namespace kube-system, but --namespace accepts only team-a: nothing is printed for it; pass its manifests apart, with its own --namespace, or none to accept any namespace\n'
    const both = [account('web'), foreign].join('---\n')
    t.match(await rbac(both, '-n', 'team-a'), { code: 1, stdout: '', stderr: sentence })
    t.strictSame(parseRoles((await rbac(account('web'), '-n', 'team-a')).stdout).enabled, {
      'team-a': ['web'],
    })
    t.strictSame(parseRoles((await rbac(both)).stdout).enabled, {
      'kube-system': ['admin'],
      'team-a': ['web'],
    })
    const fromStore = store('admin').replaceAll('namespace: team-a', 'namespace: kube-system')
    t.match(await rbac(fromStore, '-n', 'team-a'), { code: 1, stdout: '', stderr: sentence })
    const named = await rbac(account('web', { namespace: '${NAME}' }), '-n', 'team-a')
    t.match(named, { code: 1, stdout: '', stderr: 'is in namespace ${NAME}, but --namespace' })
  },
)

t.test('an account that only a store names is enabled', async (t) => {
  const { code, stdout } = await rbac(store('reader'))
  t.equal(code, 0)
  t.strictSame(parseRoles(stdout).enabled, { 'team-a': ['reader'] })
})

t.test('a class that no account reads is named, and stops nothing', async (t) => {
  const unread = csiClass()
  const { code, stdout, stderr } = await rbac(
    [account('web'), account('api'), unread].join('---\n'),
  )
  t.equal(code, 0)
  t.strictSame(parseRoles(stdout).enabled, { 'team-a': ['api', 'web'] })
  t.match(
    stderr,
    /^SecretProviderClass\/kv \(standard input\): no ServiceAccount reads it\n {2}these files name/m,
  )
})

t.test('an account without requests is not enabled', async (t) => {
  const plain = stringify({ kind: 'ServiceAccount', metadata: { name: 'web' } })
  const off = account('api', { annotations: { 'akv-injector.io/inject': 'false' } })
  const { code, stdout, stderr } = await rbac([plain, off].join('---\n'))
  t.match({ code, stdout }, { code: 0, stdout: '' })
  t.match(stderr, 'these files request no Secrets of any ServiceAccount')
})

t.test('prints no Role if one account has a mistake', async (t) => {
  const wrong = account('api', { annotations: { 'akv-injector.io/vault': 'x' } })
  const { code, stdout, stderr } = await rbac([account('web'), wrong].join('---\n'))
  t.match({ code, stdout }, { code: 1, stdout: '' })
  t.match(stderr, /ServiceAccount\/api \(standard input\): would not be synced\n {2}line \d+: /)
})

for (const name of ['*', 'a,b', 'web"]', 'we\nb', 'x'.repeat(254)])
  t.test(`prints no Role for an account called ${JSON.stringify(name.slice(0, 9))}`, async (t) => {
    const { code, stdout, stderr } = await rbac(account(name))
    t.match({ code, stdout }, { code: 1, stdout: '' })
    t.match(stderr, /isn't a valid name, so nothing is printed|would not be synced/)
  })

t.test('a placeholder without a value stays a placeholder', async (t) => {
  const input = account('${APP}', { namespace: '#{NS}#' })
  const open = await rbac(input)
  t.equal(open.code, 0)
  t.strictSame(parseRoles(open.stdout).enabled, { '#{NS}#': ['${APP}'] })
  t.match(open.stderr, '#{NS}#, ${APP}: kept in the output')
  const given = await rbac(input, '--set', 'APP=web', '--set', 'NS=team-a')
  t.match(given, { code: 0, stderr: '' })
  t.strictSame(parseRoles(given.stdout).enabled, { 'team-a': ['web'] })
})

t.test('with a watch for each namespace, the Role allows to watch there', async (t) => {
  const watch = ['--watch', 'namespaces'] as const
  const resources = async (...args: readonly string[]) => {
    const { code, stdout } = await rbac(account('web'), ...watch, ...args)
    t.equal(code, 0)
    return { stdout, added: parseRoles(stdout).rules.slice(4) }
  }
  const accounts = { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['list', 'watch'] }
  const plain = await resources()
  t.strictSame(plain.added, [accounts])
  t.match(plain.stdout, 'ClusterRole admin in a namespace may apply this.')
  const all = await resources('--classes', '--external-secrets')
  t.match(all.stdout, 'may apply this, unless the chart has aggregatedRoles=false.')
  t.strictSame(all.added, [
    accounts,
    {
      apiGroups: ['secrets-store.csi.x-k8s.io'],
      resources: ['secretproviderclasses'],
      verbs: ['list', 'watch'],
    },
    {
      apiGroups: ['external-secrets.io'],
      resources: ['externalsecrets', 'secretstores'],
      verbs: ['list', 'watch'],
    },
    {
      apiGroups: ['external-secrets.io'],
      resources: ['externalsecrets/status', 'secretstores/status'],
      verbs: ['patch'],
    },
  ])
})

t.test('with a watch for each namespace, the Role has all that the controller needs', async (t) => {
  const kinds = ['SecretProviderClass', 'ExternalSecret'] as const
  const needs = syncNeeds({ kinds, watch: 'namespaces' })
  const options = ['--watch', 'namespaces', '--classes', '--external-secrets']
  const { rules } = parseRoles((await rbac(account('web'), ...options)).stdout)
  t.ok(needs.length >= 10, `${needs.length} needs`)
  for (const { verb, group, resource } of needs)
    t.ok(
      rules.some(
        ({ apiGroups, resources, verbs, resourceNames }) =>
          resourceNames === undefined &&
          apiGroups.includes(group) &&
          resources.includes(resource) &&
          verbs.includes(verb),
      ),
      `${verb} ${resource}`,
    )
})

t.test('the controller may be in another namespace', async (t) => {
  const { stdout } = await rbac(account('web'), '--controller-namespace', 'platform')
  t.match(parseRoles(stdout).objects[1], { subjects: [{ namespace: 'platform' }] })
})

t.test('a file that can’t be read is an error, whatever the others have', async (t) => {
  const folder = t.testdir({
    'a.yaml': account('web'),
    'b.yaml': `${account('api')}a: [`,
  })
  const { code, stdout, stderr } = await runInProcess(['rbac', folder])
  t.match({ code, stdout }, { code: 2, stdout: '' })
  t.match(stderr, 'b.yaml')
  t.match(stderr, 'no Role is printed, because it would disable accounts')
})

const wrongOptions: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /missing required argument 'file', or --values/],
  [['-', '--values', '-'], /either the manifests or the values/],
  [['-', '--classes'], /need --watch namespaces/],
  [['-', '--external-secrets', '--watch', 'cluster'], /need --watch namespaces/],
  [['-', '--watch', 'pods'], /Allowed choices are cluster, namespaces/],
  [['-', '--controller-namespace', 'A B'], /at most 63 lower case letters/],
  [['--values', 'a', '--values', 'b'], /expected it once/],
]
for (const [args, expected] of wrongOptions)
  t.test(`refuses ${args.join(' ') || 'no arguments'}`, async (t) => {
    const { code, stdout, stderr } = await runInProcess(['rbac', ...args])
    t.match({ code, stdout }, { code: 2, stdout: '' })
    t.match(stderr, expected)
  })

t.test('prints what it has read before from a file of its own', async (t) => {
  const folder = t.testdir()
  const first = await rbac(account('web'))
  writeFileSync(join(folder, 'rbac.yaml'), first.stdout)
  writeFileSync(join(folder, 'account.yaml'), account('web'))
  const second = await runInProcess(['rbac', folder])
  t.match(second, { code: 0, stdout: first.stdout, stderr: '' })
})
