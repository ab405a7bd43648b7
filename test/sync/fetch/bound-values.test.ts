import t from 'tap'
import { type Delivered, noContent } from '../../../delivery/projection/project-content.ts'
import type { AccountValues } from '../../../sync/fetch/account-values.ts'
import { boundValues, maxKeptBytes, tooLargeSecrets } from '../../../sync/fetch/bound-values.ts'

const keyValue = (secret: string, size: number): Delivered => ({
  bytes: new Uint8Array(size),
  to: { kind: 'key', secret, key: 'x' },
})

function valuesOf(sizes: { readonly content: number; readonly known: number }): AccountValues {
  const file = keyValue('db', sizes.content)
  const found = { kind: 'secret', value: 'x'.repeat(sizes.known) } as const
  return {
    refresh: {
      content: { ...noContent, files: new Map([['db/x', file]]) },
      known: new Map([['x', { ...found, contentType: undefined, isCertificate: false }]]),
      templateValues: new Map(),
      statuses: new Map(),
    },
    versions: new Map([['x', '1']]),
    removed: new Map(),
    tooLarge: new Set(),
    seeded: new Set(['db']),
    filled: new Map([['db', 'db']]),
    findings: new Map(),
  }
}

const bounds = { secrets: [], maxBytes: maxKeptBytes }

t.test('values are kept up to a bound', async (t) => {
  const few = valuesOf({ content: 1_000_000, known: 1_000_000 })
  t.equal(boundValues(few, bounds), few)
  for (const sizes of [
    { content: 5_000_000, known: 0 },
    { content: 2_200_000, known: 2_200_000 },
  ]) {
    const { refresh, seeded, filled, versions } = boundValues(valuesOf(sizes), bounds)
    t.match(
      [refresh.content.files.size, refresh.known.size, seeded.size, filled.size],
      [0, 0, 0, 0],
    )
    t.equal(versions.size, 1, 'names and versions are')
  }
})

t.test('thousands of small values count against the bound', async (t) => {
  const values = valuesOf({ content: 0, known: 0 })
  const file = keyValue('db', 1)
  const files = new Map(Array.from({ length: 25_000 }, (_, i) => [`db/${i}`, file]))
  const { refresh } = boundValues(
    {
      ...values,
      refresh: { ...values.refresh, content: { ...noContent, files } },
    },
    bounds,
  )
  t.equal(refresh.content.files.size, 0)
})

t.test('a Secret that is too large alone takes no room from younger ones', async (t) => {
  const sizes = { oldest: 1000, huge: maxKeptBytes, young: maxKeptBytes / 2, youngest: 2_000_000 }
  const files = new Map(
    Object.entries(sizes).map(([secret, size]) => [secret, keyValue(secret, size)]),
  )
  const composition = { inputs: [] }
  const secrets = Object.keys(sizes).map((name) => ({
    name,
    type: 'Opaque',
    labels: {},
    composition,
  }))
  t.strictSame([...tooLargeSecrets(files, { ...bounds, secrets })], ['huge'])
})
