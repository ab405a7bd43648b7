import t from 'tap'
import type { ListedSecret } from '../../../keyvault/clients/object-client.ts'
import {
  type FoundByFind,
  findingBytes,
  nothingFound,
} from '../../../keyvault/finds/find-result.ts'
import { createCpuBudget } from '../../../lib/cpu-budget.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import {
  type FindCriteria,
  type SecretFind,
  secretFindKey,
} from '../../../requests/secret/secret-find.ts'
import { findSecrets } from '../../../sync/fetch/find/find-secrets.ts'
import { roundBudget } from '../../../sync/round/round-budget.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { secretPagesOf } from '../../support/secret-pages.ts'
import { freePace } from '../harness/free-pace.ts'

const find = (criteria: Partial<FindCriteria> = {}, index = 0, vault = 'team-a'): SecretFind => ({
  to: { kind: 'input', secret: 'db', index },
  vault,
  criteria: { tags: {}, ...criteria },
})

const listed = (name: string, more: Partial<ListedSecret> = {}): ListedSecret => ({
  ...{ name, isEnabled: true, isCertificate: false, updatedAtMs: 1000, tags: new Map() },
  ...more,
})

type Page = readonly ListedSecret[]

async function run(
  finds: readonly SecretFind[],
  pages: () => AsyncIterable<Page>,
  { before = nothingFound, budget = createCpuBudget() } = {},
): Promise<FoundByFind> {
  return await findSecrets({
    ...{ finds, before, budget },
    isDue: () => true,
    isKept: () => false,
    reader: { secretPages: pages },
    clock: fakeClock({}),
    signal: new AbortController().signal,
  })
}

const names = (findings: FoundByFind, of: SecretFind) =>
  findings.get(secretFindKey(of))?.secrets?.map(({ name }) => name)

/** Pages of 25, as many as are asked for. */
async function* pagesOf(count: number, secret = (i: number) => listed(`s${i}`)) {
  for (let i = 0; i < count; i += 25) yield Array.from({ length: 25 }, (_, j) => secret(i + j))
}

t.test('a list that fails in the middle keeps what was found before', async (t) => {
  const all = find()
  const before = await run([all], () => secretPagesOf([listed('a'), listed('b')]))
  const failing = async function* () {
    yield [listed('a')]
    throw new AkvError('AKV_THROTTLED', 'no')
  }
  const after = await run([all], failing, { before })
  t.strictSame(names(after, all), ['a', 'b'])
  t.equal(after.get(secretFindKey(all))?.error?.code, 'AKV_THROTTLED')
  t.equal(names(await run([all], failing), all), undefined, 'or nothing, if there was nothing')
})

t.test('a find that has changed doesn’t keep what another one has found', async (t) => {
  const before = await run([find()], () => secretPagesOf([listed('a')]))
  const narrow = find({ expression: '^x' })
  const failing = async function* () {
    yield []
    throw new AkvError('AKV_NETWORK', 'no')
  }
  const after = await run([narrow], failing, { before })
  t.equal(names(after, narrow), undefined)
  t.equal(after.size, 1)
})

t.test('a vault of 100,000 secrets is left at the bound, and little of it is kept', async (t) => {
  let pages = 0
  const endless = async function* () {
    for await (const page of pagesOf(100_000)) {
      pages++
      yield page
    }
  }
  const findings = await run([find()], endless)
  t.equal(pages, 401)
  t.match(findings.get(secretFindKey(find()))?.error, {
    code: 'AKV_LIST_TOO_LONG',
    message: /more than 400 pages, with 10000 secrets so far/,
  })
  t.equal(findingBytes(findings) < 1000, true)
})

t.test('5,000 secrets are listed, and those that match are kept', async (t) => {
  const some = find({ expression: '^s1..$' })
  const findings = await run([find(), some], () => pagesOf(5000))
  t.match(findings.get(secretFindKey(find()))?.error, { message: /it matches 5000 secrets/ })
  t.equal(names(findings, some)?.length, 100)
})

t.test(
  'an expression that explodes elsewhere takes linear time, and its cost has a bound',
  async (t) => {
    const hostile = find({ expression: '^(a+)+$' })
    const longest = (i: number) => listed(`${'a'.repeat(120)}${i}`)
    const findings = await run([hostile], () => pagesOf(500, longest))
    t.strictSame(names(findings, hostile), [])
    const heavy = find({ expression: `${'(a|b|c)?'.repeat(50)}$` })
    const cheap = find({ tags: { team: 'x' } }, 1)
    const both = await run([heavy, cheap], () => pagesOf(5000, longest), {
      budget: roundBudget({ namespace: 'shop', name: 'web' }, freePace),
    })
    t.equal(both.get(secretFindKey(heavy))?.error?.code, 'AKV_SYNC_COSTLY')
  },
)

t.test('names that differ in case only, or come twice, are one secret', async (t) => {
  const findings = await run([find()], () =>
    secretPagesOf([listed('a'), listed('A')], [listed('a'), listed('b')]),
  )
  t.strictSame(names(findings, find()), ['a', 'b'])
})

t.test('a tag has to be equal, and odd names of tags are only names', async (t) => {
  const tags = new Map([
    ['team', 'shop'],
    ['huge', 'x'.repeat(100_000)],
  ])
  const secrets = [listed('a', { tags }), listed('b')]
  for (const [wanted, expected] of [
    [{ team: 'shop' }, ['a']],
    [{ team: 'sho' }, []],
    [{ team: 'shop', stage: '' }, []],
    [{ constructor: 'Object' }, []],
    [JSON.parse('{"__proto__":"x"}'), []],
    [{}, ['a', 'b']],
  ] as const) {
    const one = find({ tags: wanted })
    t.strictSame(names(await run([one], () => secretPagesOf(secrets)), one), expected)
  }
})

t.test(
  'each vault is listed by itself, and the failure of one doesn’t concern the other',
  async (t) => {
    const [a, b] = [find({}, 0, 'team-a'), find({}, 1, 'team-b')]
    const findings = await findSecrets({
      finds: [a, b],
      isDue: () => true,
      isKept: () => false,
      before: nothingFound,
      reader: {
        async *secretPages(vault) {
          if (vault === 'team-a') throw new AkvError('AKV_FORBIDDEN', 'no')
          yield [listed('x')]
        },
      },
      budget: createCpuBudget(),
      clock: fakeClock({}),
      signal: new AbortController().signal,
    })
    t.equal(findings.get(secretFindKey(a))?.error?.code, 'AKV_FORBIDDEN')
    t.strictSame(names(findings, b), ['x'])
  },
)

t.test('all finds of an account together find at most 1,000 secrets', async (t) => {
  const expressions = ['^s4..$', '^s1', '^s2', '^s3', '^s5', '^s4']
  const finds = expressions.map((expression, index) => find({ expression }, index))
  const narrow = find({ expression: '^s77.$' }, finds.length)
  const all = [...finds, narrow]
  const findings = await run(all, () => pagesOf(1000))
  t.strictSame(
    all.map((one) => names(findings, one)?.length),
    [100, 111, 111, 111, 111, 111, 10],
  )
  const twice = [...all, ...finds.map((one, i) => find(one.criteria, i + all.length))]
  const more = await run(twice, () => pagesOf(1000), { before: findings })
  const counts = twice.map((one) => names(more, one)?.length)
  t.strictSame(counts, [
    100,
    111,
    111,
    111,
    111,
    111,
    10,
    100,
    111,
    111,
    undefined,
    undefined,
    undefined,
  ])
  t.match(more.get(secretFindKey(twice.at(-1) as SecretFind))?.error, {
    code: 'AKV_LIST_TOO_LONG',
    message: /the finds of the account match 1098 secrets; accepted: at most 1000 together/,
  })
  const reversed = await run([...twice].reverse(), () => pagesOf(1000), { before: more })
  const total = twice.reduce((sum, one) => sum + (names(reversed, one)?.length ?? 0), 0)
  t.ok(total <= 1000, 'also if others come first now')
  t.ok(total > 800)
})
