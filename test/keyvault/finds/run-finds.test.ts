import t from 'tap'
import type { ListedSecret } from '../../../keyvault/clients/object-client.ts'
import { type FoundByFind, nothingFound } from '../../../keyvault/finds/find-result.ts'
import { type Find, runFinds } from '../../../keyvault/finds/run-finds.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { secretPagesOf } from '../../support/secret-pages.ts'

const find = (more: Partial<Find> = {}): Find => ({
  ...{ key: 'all', vault: 'team-a', isDue: true, matcher: () => () => true },
  ...more,
})

const listed = (name: string): ListedSecret => ({
  ...{ name, isEnabled: true, isCertificate: false, updatedAtMs: 1000, tags: new Map() },
})

const run = (
  finds: readonly Find[],
  secrets: readonly ListedSecret[],
  { before = nothingFound, maxFound = 4, maxTogether = 6 } = {},
): Promise<FoundByFind> =>
  runFinds({
    ...{ finds, before },
    bounds: { maxPages: 2, maxFound, maxTogether, owner: 'pod' },
    reader: { secretPages: () => secretPagesOf(secrets) },
    clock: fakeClock({}),
    signal: new AbortController().signal,
  })

const namesOf = (found: FoundByFind, key = 'all') =>
  found.get(key)?.secrets?.map(({ name }) => name)

t.test('what is kept stays found after it has gone, and is due each time', async (t) => {
  const before = await run([find()], [listed('a'), listed('B'), listed('c')])
  const keeping = find({ keepsGone: (name) => name !== 'c' })
  const after = await run([keeping], [listed('a')], { before })
  t.strictSame(namesOf(after), ['a', 'B'])
  t.equal(after.get('all')?.secrets?.at(-1)?.isUnchanged, false)
  const again = await run([keeping], [listed('b')], { before: after })
  t.strictSame(namesOf(again), ['b', 'a'], 'names differ only in case: it is back')
})

t.test('what is kept counts, so a vault that renames its secrets can’t fill a pod', async (t) => {
  const keeping = find({ keepsGone: () => true })
  const before = await run([keeping], ['a', 'b', 'c'].map(listed))
  const after = await run([keeping], ['d', 'e'].map(listed), { before })
  t.strictSame(namesOf(after), ['a', 'b', 'c'], 'everything stays as it is')
  t.equal(
    after.get('all')?.error?.message,
    'find in vault team-a: it matches 2 secrets, and 3 that it no longer matches are kept; accepted: at most 4',
  )
})

t.test('finds are bounded together, and messages name their owner', async (t) => {
  const secrets = ['a', 'b', 'c', 'd'].map(listed)
  const found = await run([find(), find({ key: 'second' })], secrets)
  t.strictSame(namesOf(found), ['a', 'b', 'c', 'd'])
  t.match(found.get('second')?.error?.message, /the finds of the pod match 8 secrets/)
})
