import t from 'tap'
import type { Bundle, CertificateFacts, Held, Leaf } from '../../certs/inspect.ts'
import { type PlanOptions, plan } from '../../certs/plan.ts'

const dayMs = 24 * 60 * 60 * 1000
const hourMs = dayMs / 24
const now = Date.parse('2026-06-01T12:00:00Z')

/** Made so many days ago, for so many days. */
const certificate = (name: string, ageDays: number, lifeDays: number): CertificateFacts => ({
  pem: `${name}\n`,
  notBefore: now - ageDays * dayMs,
  notAfter: now + (lifeDays - ageDays) * dayMs,
  isOurs: !name.startsWith('foreign'),
})
const leaf = (ageDays: number, ...signers: CertificateFacts[]): Held<Leaf> =>
  usable({ ...certificate('leaf', ageDays, 30), signers })
const usable = <T>(value: T): Held<T> => ({ kind: 'usable', value })
const empty = { kind: 'unusable', reason: 'is empty' } as const
const missing = { kind: 'missing' } as const
const bundle = (...certificates: CertificateFacts[]): Bundle =>
  inOneEntry(certificates.map(({ pem }) => pem).join(''), certificates)
const inOneEntry = (text: string, certificates: readonly CertificateFacts[]): Bundle => ({
  texts: [text],
  inAnyEntry: certificates,
  inEveryEntry: certificates,
})

const ca = certificate('ca', 100, 730)
const young = certificate('young', 0.01, 730)
const old = certificate('old', 500, 730)
const foreign = certificate('foreign', 10, 3650)

const settled: PlanOptions = {
  authority: usable(ca),
  leaf: leaf(5, ca),
  bundle: bundle(ca),
  now,
  publishedForMs: 5 * dayMs,
  publishAheadMs: 60_000,
}
const decide = (options: Partial<PlanOptions>) => plan({ ...settled, ...options })
/** The PEM texts that are to be published. */
const published = (options: Partial<PlanOptions>) => {
  const step = decide(options)
  return step.kind === 'publish' ? step.bundle.trimEnd().split('\n') : step
}

t.test('if everything is in place, it writes nothing', async (t) => {
  t.strictSame(decide({}), { kind: 'nothing' })
  t.strictSame(decide({ publishedForMs: 0 }), { kind: 'nothing' }, 'nor after a restart')
})

t.test('a first install issues and publishes an authority, and then a leaf at once', async (t) => {
  const first = { authority: empty, leaf: empty, bundle: bundle(), publishedForMs: 0 }
  t.strictSame(decide(first), { kind: 'issue-authority', reason: 'is empty' })
  const second = { ...first, authority: usable(young) }
  t.strictSame(published(second), ['young'])
  t.strictSame(decide({ ...second, bundle: bundle(young) }), {
    kind: 'issue-leaf',
    reason: 'is empty',
  })
})

t.test('leaves and authorities are renewed after two thirds of their lifetime', async (t) => {
  t.match(decide({ leaf: leaf(19.9, ca) }), { kind: 'nothing' })
  t.match(decide({ leaf: leaf(20, ca) }), { kind: 'issue-leaf', reason: /two thirds/ })
  const before = certificate('ca', 486, 730)
  t.match(decide({ authority: usable(before), leaf: leaf(5, before), bundle: bundle(before) }), {
    kind: 'nothing',
  })
  const due = certificate('ca', 487, 730)
  t.match(decide({ authority: usable(due), leaf: leaf(5, due), bundle: bundle(due) }), {
    kind: 'issue-authority',
    reason: /two thirds/,
  })
})

t.test('a new authority is published for a minute before it issues a leaf', async (t) => {
  const change = { authority: usable(young), leaf: leaf(5, old), publishedForMs: 0 }
  t.strictSame(published({ ...change, bundle: bundle(old) }), ['young', 'old'])
  const both = { ...change, bundle: bundle(young, old) }
  t.strictSame(decide(both), { kind: 'wait', forMs: 60_000 })
  t.strictSame(decide({ ...both, publishedForMs: 59_999 }), { kind: 'wait', forMs: 1 })
  t.match(decide({ ...both, publishedForMs: 60_000 }), {
    kind: 'issue-leaf',
    reason: /another CA/,
  })
})

t.test('an old authority stays until its last leaf has expired', async (t) => {
  for (const [ageDays, expected] of [
    [1, { kind: 'nothing' }],
    [30, { kind: 'nothing' }],
    [32, { kind: 'publish', changes: { added: 0, dropped: 1 } }],
  ] as const) {
    const newest = certificate('newest', ageDays, 730)
    const held = leaf(Math.min(ageDays, 15), newest)
    t.match(
      decide({ authority: usable(newest), leaf: held, bundle: bundle(newest, old) }),
      expected,
      `${ageDays} days`,
    )
  }
})

t.test('the authority of the leaf is published before another one replaces it', async (t) => {
  for (const authority of [empty, usable(certificate('expired', 800, 730)), missing])
    t.strictSame(published({ authority, leaf: leaf(5, ca), bundle: bundle() }), ['ca'])
  t.strictSame(
    published({ authority: usable(old), leaf: leaf(5, ca), bundle: bundle() }),
    ['old', 'ca'],
    'the one in use too, even when it is due',
  )
})

t.test('an edited caBundle is restored', async (t) => {
  t.strictSame(published({ bundle: inOneEntry('', []) }), ['ca'])
  t.strictSame(published({ bundle: inOneEntry('garbage', []) }), ['ca'])
  t.strictSame(published({ bundle: inOneEntry('ca\n# hello', [ca]) }), ['ca'])
  t.match(decide({ bundle: bundle(ca, foreign) }), {
    kind: 'publish',
    bundle: 'ca\n',
    changes: { added: 0, dropped: 1 },
  })
})

t.test(
  'an entry with a missing or additional authority gets what every entry should have',
  async (t) => {
    const lacking: Bundle = { texts: ['ca\n', ''], inAnyEntry: [ca], inEveryEntry: [] }
    const expected = { kind: 'publish', bundle: 'ca\n' }
    t.match(decide({ bundle: lacking }), { ...expected, changes: { added: 1, dropped: 0 } })
    const bundle: Bundle = {
      texts: ['ca\n', 'ca\nforeign\n'],
      inAnyEntry: [ca, foreign],
      inEveryEntry: [ca],
    }
    t.match(decide({ bundle: bundle }), { ...expected, changes: { added: 0, dropped: 1 } })
  },
)

t.test('a foreign certificate is removed once all pods serve the controller’s leaf', async (t) => {
  t.match(decide({ leaf: leaf(0.5 / 24, ca), bundle: bundle(ca, foreign) }), { kind: 'nothing' })
  t.strictSame(published({ leaf: leaf(1 / 24, ca), bundle: bundle(ca, foreign) }), ['ca'])
})

t.test(
  'a foreign certificate that verifies the served leaf stays, beside the controller’s own',
  async (t) => {
    const takenOver = { leaf: leaf(5, foreign), publishedForMs: 0 }
    t.strictSame(published({ ...takenOver, bundle: bundle(foreign) }), ['ca', 'foreign'])
    t.match(decide({ ...takenOver, bundle: bundle(ca, foreign) }), { kind: 'wait' })
    t.match(decide({ ...takenOver, bundle: bundle(ca, foreign), publishedForMs: 60_000 }), {
      kind: 'issue-leaf',
    })
  },
)

t.test(
  'if both Secrets are emptied, the old authority stays published until there is a new leaf',
  async (t) => {
    t.match(decide({ authority: empty, leaf: empty }), { kind: 'issue-authority' })
    const lost = { authority: usable(young), leaf: empty, publishedForMs: 0 }
    t.strictSame(published(lost), ['young', 'ca'])
    t.match(decide({ ...lost, bundle: bundle(young, ca) }), { kind: 'wait', forMs: 60_000 })
  },
)

t.test('an emptied leaf is replaced at once if the authority is published', async (t) => {
  t.match(decide({ leaf: empty, publishedForMs: 0 }), { kind: 'issue-leaf', reason: 'is empty' })
})

t.test('certificates that aren’t valid yet are issued again', async (t) => {
  const ahead = certificate('ahead', -1, 730)
  t.match(decide({ authority: usable(ahead), bundle: bundle(ahead, ca) }), {
    kind: 'issue-authority',
    reason: /not valid yet/,
  })
  t.match(decide({ leaf: leaf(-1, ca) }), { kind: 'issue-leaf', reason: /not valid yet/ })
})

t.test('certificates with unreadable times are replaced', async (t) => {
  for (const odd of [
    { ...ca, notAfter: Number.NaN },
    { ...ca, notBefore: Number.NaN },
  ]) {
    t.match(decide({ authority: usable(odd), bundle: bundle(ca, odd) }), { kind: /issue|publish/ })
    const held = { ...certificate('leaf', 5, 30), ...odd, signers: [ca] }
    t.match(decide({ leaf: usable(held) }), { kind: 'issue-leaf' })
  }
})

t.test('an expired authority is removed a day later, and doesn’t cause a wait', async (t) => {
  const expired = certificate('expired', 730.5, 730)
  const authority = usable(young)
  t.match(decide({ authority, leaf: empty, bundle: bundle(young, expired), publishedForMs: 0 }), {
    kind: 'issue-leaf',
  })
  const longAgo = certificate('expired', 732, 730)
  t.strictSame(published({ authority, leaf: empty, bundle: bundle(young, longAgo) }), ['young'])
})

t.test('a missing Secret is reported after everything else has been repaired', async (t) => {
  t.strictSame(decide({ bundle: undefined }), { kind: 'missing', what: 'configuration' })
  t.strictSame(decide({ authority: missing }), { kind: 'missing', what: 'authority' })
  t.strictSame(decide({ leaf: missing }), { kind: 'missing', what: 'leaf' })
  t.match(decide({ leaf: missing, bundle: bundle() }), { kind: 'publish' })
  t.strictSame(
    decide({ authority: missing, leaf: missing, bundle: bundle() }),
    { kind: 'missing', what: 'authority' },
    'nothing to publish: the bundle is not emptied',
  )
})

t.test('the caBundle stays small, and keeps the authorities that are in use', async (t) => {
  const many = Array.from({ length: 500 }, (_, i) => certificate(`ca${i}`, 1 + i / 1000, 730))
  const texts = published({ authority: usable(young), leaf: leaf(5, old), bundle: bundle(...many) })
  t.type(texts, Array)
  t.strictSame((texts as string[]).slice(0, 4), ['young', 'old', 'ca0', 'ca1'])
  t.equal((texts as string[]).length, 30)
})

t.test('a second plan right after a publication changes nothing, at any age', async (t) => {
  for (let ageHours = 0; ageHours < 60 * 24; ageHours += 7) {
    const newest = { ...certificate('newest', 0, 730), notBefore: now - ageHours * hourMs }
    const held = leaf(Math.min(ageHours / 24, 15), newest)
    const options = {
      ...settled,
      authority: usable(newest),
      leaf: held,
      bundle: bundle(old, foreign),
    }
    const step = plan(options)
    if (step.kind !== 'publish') throw new Error(step.kind)
    const after = step.bundle.trimEnd().split('\n')
    const certificates = [newest, old, foreign].filter(({ pem }) => after.includes(pem.trim()))
    t.match(plan({ ...options, bundle: inOneEntry(step.bundle, certificates) }), {
      kind: 'nothing',
    })
  }
})
