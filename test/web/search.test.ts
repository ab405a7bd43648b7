import { join } from 'node:path'
import t from 'tap'
import { makeDocs } from '../../web/build/make-docs.ts'
import { SectionSearch } from '../../web/docs/search-sections.ts'

const sections = [
  ['Throttled', 'AKV_THROTTLED', 'The vault has received too many requests. Wait.'],
  ['Refreshing', 'Refresh now', 'Set akv-injector.io/refresh-now to a new text.'],
  ['Refreshing', 'Intervals', 'The agent fetches every five minutes, and now and then later.'],
  ['Releases', 'Mirroring the image', `${'Push it. '.repeat(60)}Each registry keeps digests.`],
] as const
const search = await SectionSearch.over(
  sections.map(([page, title, text], id) => ({
    id,
    file: 'a.html',
    anchor: '',
    page,
    title,
    text,
  })),
)
const titles = (query: string) => search.find(query).map(({ title }) => title)

t.test(
  'a section is found by names as a whole, by their parts, unfinished and misspelled',
  async (t) => {
    for (const [query, title] of [
      ['AKV_THROTTLED', 'AKV_THROTTLED'],
      ['akv_thrott', 'AKV_THROTTLED'],
      ['throttled', 'AKV_THROTTLED'],
      ['throtled', 'AKV_THROTTLED'],
      ['refresh-now', 'Refresh now'],
      ['akv-injector.io/refresh-now', 'Refresh now'],
      ['io refresh', 'Refresh now'],
      ['regis', 'Mirroring the image'],
      ['image mirroring', 'Mirroring the image'],
    ] as const)
      t.strictSame(titles(query), [title], query)
  },
)

t.test('the best section is first', async (t) => {
  t.strictSame(titles('now'), ['Refresh now', 'Intervals'])
})

t.test('sections with all words are found, or with any if none has all', async (t) => {
  t.strictSame(titles('vault requests'), ['AKV_THROTTLED'])
  t.strictSame(titles('vault zzzzzz'), ['AKV_THROTTLED'])
  for (const nothing of ['', ' ', '-', '*', '\\', '<>', 'zzzzzz'])
    t.strictSame(titles(nothing), [], JSON.stringify(nothing))
})

t.test('a result shows what is around the first word', async (t) => {
  const [found] = search.find('digests')
  t.match(found?.excerpt, /^… it\. .* registry keeps digests\.$/)
  t.ok((found?.excerpt.length ?? 0) <= 164)
  t.match(search.find('mirroring')[0]?.excerpt, /^Push it\. .* …$/)
})

t.test('the docs are found, and no more sections than people read', async (t) => {
  const { entries } = makeDocs(join(import.meta.dirname, '../..'))
  const docs = await SectionSearch.over(entries)
  const [first] = docs.find('AKV_THROTTLED')
  t.match(first, { file: 'docs/errors.html', anchor: 'akv_throttled', page: 'Error codes' })
  t.equal(docs.find('akv-injector').length, 20)
})
