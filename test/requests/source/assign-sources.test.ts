import t from 'tap'
import { assignSources } from '../../../requests/source/assign-sources.ts'
import type { Source } from '../../../requests/source/source.ts'

const source = (name: string, createdAtMs: number, more: Partial<Source> = {}): Source => ({
  ref: { kind: 'SecretProviderClass', name },
  uid: `uid-${name}`,
  createdAtMs,
  hints: {},
  claims: [],
  secrets: [],
  values: [],
  problems: [],
  ...more,
})
const requests = (...claims: readonly string[]) => ({ claims })
const assign = (sources: readonly Source[], missing: readonly string[] = []) =>
  assignSources(sources, {
    namespace: 'shop',
    listed: [{ name: 'web' }],
    missing: new Set(missing),
  })

t.test('the older source keeps a Secret: by its time, then by its name', async (t) => {
  const { byAccount } = assign([
    source('c', 2, requests('db', 'c')),
    source('b', 1, requests('db', 'b')),
    source('a', 2, requests('db', 'a')),
  ])
  t.match(byAccount.get('web'), [
    { ref: { name: 'b' }, problems: { length: 0 } },
    {
      ref: { name: 'a' },
      problems: [{ sentence: /^Secret db: SecretProviderClass b, which is older/ }],
    },
    {
      ref: { name: 'c' },
      problems: [{ sentence: /^Secret db: SecretProviderClass b, which is older/ }],
    },
  ])
})

t.test(
  'a source whose account doesn’t exist is read by nobody, and keeps its Secret',
  async (t) => {
    const { byAccount, unassigned } = assign(
      [source('a', 1, requests('db')), source('b', 2, requests('db'))],
      ['web'],
    )
    t.equal(byAccount.size, 0)
    const sentence =
      'it is read as ServiceAccount web, which namespace shop does not have; create the account'
    t.match(unassigned, [
      { problems: [{ sentence }] },
      { problems: [{ sentence: /^Secret db: SecretProviderClass a/ }, { sentence }] },
    ])
  },
)
