import t from 'tap'
import { stringify } from 'yaml'
import { runInProcess } from '../../support/run-in-process.ts'
import { account, parseRoles } from './harness.ts'

const rbac = (values: unknown, ...args: readonly string[]) =>
  runInProcess(['rbac', '--values', '-', ...args], { input: stringify(values) })

t.test('prints Roles for the accounts that values of the chart list', async (t) => {
  const { code, stdout, stderr } = await rbac({
    'USER-SUPPLIED VALUES': null,
    namespaceOverride: 'platform',
    sync: {
      namespaces: {
        'team-b': { serviceAccounts: ['web', 'api', 'web'] },
        'team-a': { serviceAccounts: ['web'], allowedMetadata: ['x'] },
        removed: null,
        empty: { serviceAccounts: null, allowedMetadata: ['x'] },
      },
    },
  })
  t.match({ code, stderr }, { code: 0, stderr: '' })
  const { enabled, objects } = parseRoles(stdout)
  t.strictSame(enabled, { 'team-a': ['web'], 'team-b': ['api', 'web'] })
  t.match(objects[1], { subjects: [{ namespace: 'platform' }] })
})

t.test('values set the defaults of the options', async (t) => {
  const sync = {
    watch: 'namespaces',
    classes: true,
    externalSecrets: true,
    namespaces: { 'team-a': { serviceAccounts: ['web'] } },
  }
  t.equal(parseRoles((await rbac({ sync })).stdout).rules.length, 8)
  const cluster = await rbac({ sync }, '--watch', 'cluster')
  t.equal(parseRoles(cluster.stdout).rules.length, 4)
})

t.test('accounts of values and of manifests are printed together', async (t) => {
  const folder = t.testdir({ 'a.yaml': account('api') })
  const sync = { namespaces: { 'team-a': { serviceAccounts: ['web'] } } }
  const { code, stdout } = await rbac({ sync }, folder)
  t.equal(code, 0)
  t.strictSame(parseRoles(stdout).enabled, { 'team-a': ['api', 'web'] })
  const other = await rbac({ sync: { watch: 'namespaces' } }, folder)
  t.equal(other.code, 0)
  t.equal(parseRoles(other.stdout).rules.length, 5)
})

const namespaces = (list: unknown) => ({ sync: { namespaces: { 'team-a': list } } })
t.test('with --namespace, values that list another namespace are refused, too', async (t) => {
  const namespaces = { 'kube-system': { serviceAccounts: ['admin'] } }
  const { code, stdout, stderr } = await rbac({ sync: { namespaces } }, '-n', 'team-a')
  t.match({ code, stdout }, { code: 1, stdout: '' })
  t.match(stderr, 'ServiceAccount admin is in namespace kube-system, but --namespace accepts only')
})

const wrong: readonly (readonly [unknown, RegExp])[] = [
  [[], /isn't a mapping/],
  [{}, /lists no serviceAccounts under sync.namespaces/],
  [{ sync: null }, /lists no serviceAccounts/],
  [{ sync: { namespaces: null } }, /lists no serviceAccounts/],
  [{ sync: { namespaces: ['a'] } }, /sync\.namespaces is \["a"\]; expected a mapping/],
  [{ sync: { namespaces: { 'A/b': {} } } }, /a key of sync\.namespaces is "A\/b"; expected/],
  [{ sync: { watch: 'pods' } }, /sync\.watch is "pods"; expected cluster or namespaces/],
  [namespaces('web'), /sync\.namespaces\.team-a is "web"; expected a mapping/],
  [namespaces({ serviceAccounts: 'web' }), /is "web"; expected a list of names/],
  [namespaces({ serviceAccounts: ['*'] }), /an entry of .* is "\*"; expected at most 253/],
  [namespaces({ serviceAccounts: [1] }), /is 1; expected/],
  [namespaces({ serviceAccounts: [null] }), /is null; expected/],
]
for (const [values, expected] of wrong)
  t.test(`refuses the values ${JSON.stringify(values)}`, async (t) => {
    const { code, stdout, stderr } = await rbac(values)
    t.match({ code, stdout }, { code: 2, stdout: '' })
    t.match(stderr, expected)
    t.equal(stderr.trimEnd().split('\n').length, 1)
  })
