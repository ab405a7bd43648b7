import t from 'tap'
import { rolloutsMark } from '../../../requests/access/rollout-needs.ts'
import { syncNeeds } from '../../../requests/access/sync-needs.ts'
import { maxAccounts, readRights } from '../../../sync/rights/read-rights.ts'
import { type AnsweredRule, rulesFor } from '../../support/api-server/rights.ts'

const needs = syncNeeds({ kinds: ['ExternalSecret', 'SecretProviderClass'], watch: 'namespaces' })

const read = (rules: readonly AnsweredRule[], isIncomplete = false) =>
  readRights(
    {
      rules: rules.map(({ resourceNames = [], ...rule }) => ({ ...rule, resourceNames })),
      isIncomplete,
    },
    needs,
  )
const lackingOf = (rules: readonly AnsweredRule[]) =>
  read(rules).lacking.map(({ verb, resource, name = '' }) => `${verb} ${resource} ${name}`.trim())

t.test(
  'the accounts that a rule for tokens names are enabled, and nothing is lacking',
  async (t) => {
    const rights = read(rulesFor(['web', 'api.v2']))
    t.strictSame([...rights.accounts], ['web', 'api.v2'])
    t.strictSame(rights.lacking, [])
    t.notOk(rights.isUnnamed)
    t.notOk(rights.isTooMany)
  },
)

t.test('a rule that names no account enables none', async (t) => {
  const tokens = { verbs: ['create'], apiGroups: [''], resources: ['serviceaccounts/token'] }
  for (const rule of [
    tokens,
    { ...tokens, resourceNames: [] },
    { ...tokens, resourceNames: ['*'] },
    { ...tokens, verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { ...tokens, resources: ['*/token'] },
  ]) {
    const { accounts, isUnnamed, lacking } = read([rule])
    t.equal(accounts.size, 0, JSON.stringify(rule))
    t.ok(isUnnamed)
    t.strictSame(lacking, [], 'nothing is needed')
  }
  t.strictSame(
    [...read([tokens, ...rulesFor(['web'])]).accounts],
    ['web'],
    'beside it, names count',
  )
})

t.test('a rule with the mark enables roll-outs, and nothing for Secret sync', async (t) => {
  const tokens = { verbs: ['create'], apiGroups: [''], resources: ['serviceaccounts/token'] }
  const marked = { ...tokens, resourceNames: ['web', rolloutsMark] }
  const rights = read([marked])
  t.strictSame([...rights.rollouts], ['web'])
  t.equal(rights.accounts.size, 0)
  t.strictSame(rights.lacking, [])
  t.notOk(rights.isUnnamed)
  const both = read([marked, ...rulesFor(['api'])])
  t.strictSame([[...both.accounts], [...both.rollouts]], [['api'], ['web']])
  t.equal(read([{ ...tokens, resourceNames: [rolloutsMark] }]).rollouts.size, 0)
})

t.test('a rule for something else enables no account', async (t) => {
  const rule = { apiGroups: [''], resourceNames: ['web'] }
  for (const other of [
    { ...rule, verbs: ['create'], resources: ['serviceaccounts'] },
    { ...rule, verbs: ['get'], resources: ['serviceaccounts/token'] },
    { ...rule, verbs: ['create'], resources: ['serviceaccounts/token'], apiGroups: ['apps'] },
    { ...rule, verbs: ['create'], resources: ['*/status'] },
    { ...rule, verbs: [], resources: [] },
  ]) {
    const { accounts, isUnnamed } = read([other])
    t.equal(accounts.size, 0, JSON.stringify(other))
    t.notOk(isUnnamed)
  }
})

t.test('each right that is missing is lacking', async (t) => {
  const all = rulesFor(['web', 'api'])
  for (const [index, { verbs, resources, resourceNames }] of all.entries()) {
    if (resources[0] === 'serviceaccounts/token') continue
    const expected = verbs.flatMap((verb) =>
      (resourceNames ?? ['']).map((name) => `${verb} ${resources[0]} ${name}`.trim()),
    )
    const found = lackingOf(all.filter((_, i) => i !== index))
    t.strictSame(found, resourceNames?.length === 0 ? found : expected)
    t.ok(found.length > 0)
  }
  const secrets = { verbs: ['*'], apiGroups: [''], resources: ['secrets'], resourceNames: ['db'] }
  const without = all.filter(({ resources }) => resources[0] !== 'secrets')
  t.equal(lackingOf([...without, secrets]).length, 4, 'of some Secrets only')
})

t.test('names are bounded, and must be names', async (t) => {
  const names = Array.from({ length: 100_000 }, (_, i) => `app-${i}`)
  const { accounts, isTooMany, lacking } = read(rulesFor(['UPPER', '', 'a'.repeat(300), ...names]))
  t.equal(accounts.size, maxAccounts)
  t.ok(accounts.has('app-0'))
  t.notOk(accounts.has('UPPER'))
  t.ok(isTooMany)
  t.strictSame(lacking, [])
  t.ok(lackingOf([rulesFor(names)[0] ?? fail()]).length <= 10, 'so is what is lacking')
})

const fail = (): never => {
  throw new Error('there is a rule')
}
