import t from 'tap'
import {
  type AccountHints,
  chooseAccount,
  type ListedAccount,
} from '../../../requests/source/choose-account.ts'

const a = '11111111-1111-1111-1111-111111111111'
const b = '22222222-2222-2222-2222-222222222222'
const web: ListedAccount = { name: 'web', clientId: a }
const api: ListedAccount = { name: 'api', clientId: b }

const choose = (hints: AccountHints, ...listed: readonly ListedAccount[]) => {
  const chosen = chooseAccount(hints, { namespace: 'shop', listed, what: 'the class' })
  return chosen.kind === 'chosen' ? chosen.name : chosen.sentence
}

t.test('the account with the client that the source names comes first', async (t) => {
  t.equal(choose({ clientId: b }, web, api), 'api')
  t.equal(choose({ clientId: b, annotated: 'web' }, web, api), 'api')
})

t.test('without a named store account, the account of the annotation is chosen', async (t) => {
  t.equal(choose({ annotated: 'api' }, web, api), 'api')
  const both = { clientId: a, annotated: 'api' }
  t.equal(choose(both, web, { name: 'api', clientId: a }), 'api', 'two accounts have the client')
})

t.test('without an annotation, the only account that is enabled is chosen', async (t) => {
  t.equal(choose({}, web), 'web')
  t.equal(choose({ clientId: b }, web), 'web', 'another client is a mistake of its own')
})

t.test('otherwise, a sentence says which accounts there are', async (t) => {
  const rest = 'in namespace shop; annotate the class with akv-injector.io/service-account'
  t.equal(choose({}), `Secret sync is enabled for no account ${rest}`)
  t.equal(choose({}, web, api), `Secret sync is enabled for web, api ${rest}`)
  t.equal(
    choose({ clientId: b }, web, { name: 'old' }),
    `Secret sync is enabled for web, old ${rest}`,
  )
  t.equal(
    choose({ annotated: 'other\u202e' }, web),
    `akv-injector.io/service-account names "other\\u{202e}", but Secret sync is enabled for web ${rest}`,
    'the only account is not a substitute for the one that is named',
  )
  const many = Array.from({ length: 12 }, (_, i) => ({ name: `a${i}` }))
  t.match(choose({}, ...many), /enabled for a0, .*, a9 and 2 more in namespace shop;/)
})
