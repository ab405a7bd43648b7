import t from 'tap'
import type { WantedFind } from '../../../delivery/contract.ts'
import type { ListedSecret } from '../../../keyvault/clients/object-client.ts'
import { AkvError, type AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { secretFile } from '../harness/pod.ts'
import { type SimulatedPod, simulatePod, stale } from '../harness/simulated-pod.ts'

const find = (more: Partial<WantedFind> = {}): WantedFind => ({
  ...{ path: 'shop', vault: 'team-a', pattern: 'shop-*' },
  ...more,
})

/** Old enough that the same date means the same value. */
const listed = (name: string, more: Partial<ListedSecret> = {}): ListedSecret => ({
  ...{ name, isEnabled: true, isCertificate: false, updatedAtMs: -60_000, tags: new Map() },
  ...more,
})

type Pages = readonly (readonly ListedSecret[])[]

/** A pod with a vault whose list the test changes. */
function findingPod(
  t: Parameters<typeof simulatePod>[0],
  wanted: Parameters<typeof simulatePod>[1],
) {
  const list: { pages: Pages | AkvErrorCode; count: number } = { pages: [], count: 0 }
  const pages = () => {
    list.count++
    if (typeof list.pages === 'string') throw new AkvError(list.pages, 'the list failed')
    return list.pages
  }
  return { list, ...simulatePod(t, { version: 7, ...wanted }, { pages }) }
}

const files = ({ context }: Pick<SimulatedPod, 'context'>) => [
  ...(context.volumes.read()?.content.files.keys() ?? []),
]

const pass = () => undefined

t.test(
  'each secret that matches becomes a file, and only a changed one is fetched again',
  async (t) => {
    const pod = findingPod(t, { files: [secretFile('a')], finds: [find()] })
    const { list, vault, asked, file, run } = pod
    vault.set('a', '1').set('shop-x', '1').set('shop-y', '1').set('other', '1')
    list.pages = [[listed('shop-y'), listed('other')], [listed('shop-x')]]
    await run([
      pass,
      () => {
        t.strictSame(asked.splice(0), ['sign-in', 'a'], 'nothing found has changed')
        vault.set('shop-y', '2').set('shop-z', '1')
        list.pages = [
          [listed('shop-y', { updatedAtMs: -50_000 })],
          [listed('shop-x'), listed('shop-z')],
        ]
      },
      () => {
        t.strictSame(asked.splice(0).toSorted(), ['a', 'shop-y', 'shop-z', 'sign-in'])
        t.equal(file('files/shop/shop-y'), '2')
      },
    ])
    t.strictSame(files(pod), ['a', 'shop/shop-x', 'shop/shop-y', 'shop/shop-z'])
    t.equal(list.count, 4, 'one list for each interval')
  },
)

t.test('a list that fails keeps everything, and the objects count as stale', async (t) => {
  const pod = findingPod(t, { finds: [find()] })
  const { list, vault, asked, lines, run } = pod
  vault.set('shop-x', '1')
  list.pages = [[listed('shop-x')]]
  await run([
    () => {
      list.pages = 'AKV_VAULT_UNAVAILABLE'
    },
    () => {
      t.match(stale(lines).at(-1)?.['objects'], [
        { object: 'secret team-a:shop-x', reason: 'the list failed' },
      ])
      list.pages = [[listed('shop-x')]]
    },
    () => t.match(lines.at(-1)?.message, /all objects are up to date again/),
  ])
  t.strictSame(files(pod), ['shop/shop-x'])
  t.strictSame(asked, [], 'and nothing is fetched because of it')
})

for (const onDeleted of ['keep', 'remove'] as const)
  t.test(`a secret that vanishes follows on-deleted: ${onDeleted}`, async (t) => {
    const pod = findingPod(t, { finds: [find()], onDeleted })
    const { list, vault, lines, run } = pod
    vault.set('shop-x', '1').set('shop-y', '1')
    list.pages = [[listed('shop-x'), listed('shop-y')]]
    await run([
      () => {
        vault.delete('shop-y')
        list.pages = [[listed('shop-x')]]
      },
      pass,
      pass,
    ])
    const isKept = onDeleted === 'keep'
    t.strictSame(files(pod), ['shop/shop-x', ...(isKept ? ['shop/shop-y'] : [])])
    t.equal(stale(lines).length > 0, isKept, 'what is kept is reported')
  })

t.test('a secret that becomes a certificate’s is not written', async (t) => {
  const pod = findingPod(t, { finds: [find()], onDeleted: 'keep' })
  const { list, vault, certificates, lines, run } = pod
  vault.set('shop-x', 'a').set('shop-y', 'a')
  list.pages = [[listed('shop-x'), listed('shop-y')]]
  await run([
    () => {
      for (const name of ['shop-x', 'shop-y']) {
        vault.set(name, 'a private key')
        certificates.add(name)
      }
      // One was listed just before that, and one is kept although it is no longer found.
      list.pages = [[listed('shop-x', { updatedAtMs: -50_000 })]]
    },
    pass,
  ])
  for (const name of ['shop-x', 'shop-y']) {
    t.equal(pod.file(`files/shop/${name}`), 'a')
    t.match(JSON.stringify(stale(lines)), `team-a:${name}`, 'it is reported')
  }
})

t.test('beyond a bound everything stays as it is, and the sentence says how many', async (t) => {
  const pod = findingPod(t, { finds: [find()], onDeleted: 'remove' })
  const { list, vault, asked, lines, run } = pod
  vault.set('shop-x', '1')
  list.pages = [[listed('shop-x')]]
  const full = (count: number) =>
    Array.from({ length: count }, (_, page) =>
      Array.from({ length: 25 }, (_, i) => listed(`shop-${page}-${i}`)),
    )
  await run([
    () => {
      list.pages = full(21)
    },
    () => {
      t.match(stale(lines).at(-1)?.['objects'], [
        { code: 'AKV_LIST_TOO_LONG', reason: /matches 525 secrets; accepted: at most 500/ },
      ])
      list.pages = full(41)
    },
    pass,
    pass,
  ])
  t.match(stale(lines).at(-1)?.['objects'], [
    { reason: /more than 40 pages, with 1000 secrets so far/ },
  ])
  t.strictSame(files(pod), ['shop/shop-x'])
  t.strictSame(asked, [])
})

t.test('finds of one vault share a list, and their bound', async (t) => {
  const pod = findingPod(t, {
    finds: [
      find(),
      find({ path: 'all', pattern: '*', optional: true }),
      find({ path: 'web', tags: { team: 'web' } }),
    ],
  })
  const { list, vault, run } = pod
  vault.set('shop-x', '1').set('shop-w', '1')
  list.pages = [[listed('shop-x'), listed('shop-w', { tags: new Map([['team', 'web']]) })]]
  await run([pass, pass])
  t.strictSame(files(pod), ['all/shop-w', 'all/shop-x', 'shop/shop-w', 'shop/shop-x', 'web/shop-w'])
  t.equal(list.count, 3)
})

t.test('certificates’ secrets, disabled ones and other tags aren’t found', async (t) => {
  const pages = [
    [
      listed('shop-x'),
      listed('shop-cert', { isCertificate: true }),
      listed('shop-off', { isEnabled: false }),
    ],
  ]
  for (const [more, expected] of [
    [{}, ['shop/shop-x']],
    [{ includesCertificates: true }, ['shop/shop-cert', 'shop/shop-x']],
  ] as const) {
    const pod = findingPod(t, { finds: [find(more)] })
    pod.list.pages = pages
    for (const name of ['shop-x', 'shop-cert', 'shop-off']) pod.vault.set(name, '1')
    await pod.run([])
    t.strictSame(files(pod), expected)
  }
})

t.test('a first find that finds nothing is an error, unless it is optional', async (t) => {
  const required = findingPod(t, { finds: [find()] })
  required.list.pages = [[listed('other')]]
  await t.rejects(required.run([]), {
    code: 'AKV_OBJECT_NOT_FOUND',
    message:
      'find in vault team-a: no enabled secret matches shop-* (those of certificates aren\'t searched); correct the entry, or end it with "?" if it may find nothing',
  })
  const optional = findingPod(t, { finds: [find({ optional: true })] })
  optional.list.pages = []
  await optional.run([pass])
  t.strictSame(files(optional), [])
})

t.test('a first list is retried, and its pages are read again', async (t) => {
  const pod = findingPod(t, { finds: [find()] })
  const { list, vault, run } = pod
  vault.set('shop-x', '1')
  list.pages = 'AKV_VAULT_UNAVAILABLE'
  pod.onWaits([
    () => {
      list.pages = [[listed('shop-x')]]
    },
  ])
  await run([])
  t.equal(list.count, 2)
  t.strictSame(files(pod), ['shop/shop-x'])
})

t.test('after a failed write, everything found is fetched again', async (t) => {
  const pod = findingPod(t, { finds: [find()] })
  const { list, vault, file, run, context } = pod
  vault.set('shop-x', '1')
  list.pages = [[listed('shop-x')]]
  const { write } = context.volumes
  await run([
    () => {
      vault.set('shop-x', '2')
      list.pages = [[listed('shop-x', { updatedAtMs: -50_000 })]]
      Object.assign(context.volumes, {
        write() {
          throw new AkvError('AKV_VOLUME_FULL', 'full')
        },
      })
    },
    () => Object.assign(context.volumes, { write }),
    () => t.equal(file('files/shop/shop-x'), '2'),
  ])
})
