import { join } from 'node:path'
import t from 'tap'
import { makeDocs } from '../../web/build/make-docs.ts'
import { SectionSearch } from '../../web/docs/search-sections.ts'

const { entries } = makeDocs(join(import.meta.dirname, '../..'))
const search = await SectionSearch.over(entries)
const addresses = (query: string) =>
  search.find(query).map(({ file, anchor }) => `${file}#${anchor}`)

t.test(
  'the search finds names as a whole, by their parts, unfinished and misspelled',
  async (t) => {
    for (const [query, address] of [
      ['AKV_THROTTLED', 'docs/errors.html#akv_throttled'],
      ['akv_thrott', 'docs/errors.html#akv_throttled'],
      ['throttled', 'docs/errors.html#akv_throttled'],
      ['throtled', 'docs/errors.html#akv_throttled'],
      ['refresh-now', 'docs/specification.html#refresh-now'],
      ['krew', 'docs/releases.html#installing-a-release'],
      ['mirroring image', 'docs/releases.html#mirroring-the-image'],
    ] as const)
      t.ok(addresses(query).includes(address), `${query}: ${addresses(query).slice(0, 3)}`)
    t.equal(addresses('AKV_THROTTLED')[0], 'docs/errors.html#akv_throttled', 'the best is first')
  },
)

t.test('a result shows the words in their text', async (t) => {
  const [found] = search.find('throttling')
  t.match(found?.excerpt, /throttling/i)
  t.ok((found?.excerpt.length ?? 0) <= 164)
})

t.test('sections with all words are found, or with any if none has all', async (t) => {
  t.ok(addresses('krew zzzzzz').length > 0)
  t.ok(addresses('install').length <= 20, 'as many as people read')
  for (const nothing of ['', ' ', '-', '<script>', '*', '\\', 'zzzzzz'])
    t.ok(Array.isArray(addresses(nothing)), JSON.stringify(nothing))
  t.strictSame(addresses('zzzzzz'), [])
})
