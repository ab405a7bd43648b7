import fc from 'fast-check'
import t from 'tap'
import { narrowestGrants } from '../../../../lib/azure/narrowest-grants.ts'
import {
  extraActions,
  factsOf,
  matchesAction,
} from '../../../../repository/identity/verify/match-actions.ts'
import { builtInRoles } from '../../../support/fake-az/built-in-roles.ts'
import { numRuns } from '../../../support/property-runs.ts'

const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '/', '.'), maxLength: 8 })
const patterns = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '/', '.', '*'), maxLength: 8 })

const asExpression = (pattern: string) =>
  new RegExp(`^${pattern.replaceAll(/[./]/g, '\\$&').replaceAll('*', '.*')}$`, 'i')

t.test('a pattern matches what the same regular expression matches', async () => {
  fc.assert(
    fc.property(
      patterns,
      texts,
      (pattern, text) => matchesAction(pattern, text) === asExpression(pattern).test(text),
    ),
    { numRuns },
  )
})

t.test('a pattern that contains another one matches all that the other one matches', async () => {
  const cut = fc.nat({ max: 8 })
  fc.assert(
    fc.property(patterns, cut, cut, texts, (narrow, from, length, fill) => {
      const wide = `${narrow.slice(0, from)}*${narrow.slice(from + length)}`
      const text = narrow.replaceAll('*', () => fill)
      return matchesAction(wide, narrow) && matchesAction(narrow, text) && matchesAction(wide, text)
    }),
    { numRuns },
  )
})

t.test('a pattern that doesn’t contain another one never matches it', async (t) => {
  let escaped = 0
  fc.assert(
    fc.property(patterns, patterns, texts, (wide, narrow, fill) => {
      const text = narrow.replaceAll('*', () => fill)
      if (matchesAction(wide, text)) return true
      escaped += 1
      return !matchesAction(wide, narrow)
    }),
    { numRuns },
  )
  t.ok(escaped > numRuns / 4, `${escaped} texts escaped the wide pattern`)
})

t.test('parts of a pattern never overlap', async (t) => {
  const text = 'a'.repeat(2000)
  t.ok(matchesAction('a*a', text))
  t.notOk(matchesAction('a*b', text))
  t.notOk(matchesAction('ab*ba', 'aba'))
  t.notOk(matchesAction('a*b*b', 'ab'))
  t.notOk(matchesAction('a*bb*bb*', 'abbb'))
  t.ok(matchesAction('ab*ba', 'abba'))
})

/** What Azure's documentation lists. */
const documented = (id: string) => {
  const role = builtInRoles[id]
  if (role === undefined) throw new Error(`role ${id} is not recorded`)
  const { name, actions = [], notActions = [], dataActions = [], notDataActions = [] } = role
  const permission = { actions, notActions, dataActions, notDataActions, condition: null }
  return { roleName: name, permissions: [permission] }
}

t.test('the table has the IDs, names and data actions of Azure’s documentation', async (t) => {
  for (const { role, getAction, listAction } of Object.values(narrowestGrants)) {
    const { roleName, permissions } = documented(role.id)
    t.equal(role.name, roleName)
    t.strictSame(role.dataActions, permissions[0]?.dataActions)
    for (const action of [getAction, listAction])
      t.ok(
        role.dataActions.some((pattern) => matchesAction(pattern, action)),
        `${roleName}: ${action}`,
      )
    t.notOk(factsOf(documented(role.id)).canChangeAccess)
  }
})

t.test('no other built-in role that reads an object allows less', async (t) => {
  let compared = 0
  for (const [collection, { role, getAction }] of Object.entries(narrowestGrants)) {
    for (const id of Object.keys(builtInRoles).filter((id) => id !== role.id)) {
      const other = documented(id)
      if (!other.permissions[0]?.dataActions.some((pattern) => matchesAction(pattern, getAction)))
        continue
      compared += 1
      const extra = extraActions(factsOf(other), role.dataActions)
      t.not(extra.length, 0, `${other.roleName} for ${collection}`)
    }
  }
  t.ok(compared >= 7, `${compared} roles compared`)
})

t.test('only roles that read secrets’ values are the ones for secrets', async (t) => {
  const value = narrowestGrants.secrets.getAction
  for (const collection of ['certificates', 'keys'] as const)
    t.notOk(
      narrowestGrants[collection].role.dataActions.some((pattern) => matchesAction(pattern, value)),
    )
})
