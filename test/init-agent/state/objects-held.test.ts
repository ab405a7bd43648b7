import t from 'tap'
import type { HeldObject } from '../../../delivery/agent-state.ts'
import type { Sources, TargetSources } from '../../../delivery/projection/target-sources.ts'
import { objectsHeld } from '../../../init-agent/state/objects-held.ts'
import type { AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { agentConfig, secretFile, secretVariable } from '../harness/pod.ts'

const version = (i: number) => i.toString(16).padStart(32, '0')
const [one, two, three] = [version(1), version(2), version(3)]
const time = (hour: number) => new Date(Date.UTC(2026, 10, 29, hour)).toISOString()

const key = 'team-a:secrets/a'
const made = (...versions: readonly (string | undefined)[]): Sources =>
  new Map([[key, versions.map((version) => (version === undefined ? {} : { version }))]])
const nothing: Sources = new Map()

const twoFiles = agentConfig({ files: [secretFile('a'), secretFile('a', { path: 'b' })] })
const withVariable = agentConfig({ files: [secretFile('a')], env: [secretVariable('A', 'a')] })
const twoVariables = agentConfig({ env: [secretVariable('A', 'a'), secretVariable('B', 'a')] })

interface Step {
  readonly sources?: TargetSources
  readonly errors?: Readonly<Record<string, AkvErrorCode | undefined>>
}

/** What is held of the first object after each of these steps, an hour apart. */
function heldAfter(
  config: Parameters<typeof objectsHeld>[0]['config'],
  steps: readonly Step[],
  before?: readonly HeldObject[],
): readonly HeldObject[] {
  const all: HeldObject[] = []
  const [first] = before ?? []
  let objects: ReadonlyMap<string, HeldObject> | undefined = first && new Map([[key, first]])
  for (const [hour, { sources, errors = { [key]: undefined } }] of steps.entries()) {
    objects = objectsHeld({
      config,
      before: objects,
      sources,
      errors: new Map(Object.entries(errors)),
      goodAt: () => time(hour - 1),
      at: time(hour),
    })
    all.push(...[...objects.values()].slice(0, 1))
  }
  return all
}

const object = 'secret team-a:a'

t.test('the version in place counts, since it was put there', async (t) => {
  const steps = [made(one), made(one), made(two), made(one)].map((s) => ({ sources: [s, s] }))
  t.strictSame(heldAfter(twoFiles, steps), [
    { object, versions: [one], since: time(0) },
    { object, versions: [one], since: time(0) },
    { object, versions: [two], since: time(2) },
    { object, versions: [one], since: time(3) },
  ])
})

t.test('if only some targets have the new version, both are held', async (t) => {
  const found = heldAfter(twoFiles, [
    { sources: [made(one), made(one)] },
    { sources: [made(one), made(two)], errors: { [key]: 'AKV_PROPERTY' } },
    { sources: [made(one), made(two)], errors: { [key]: 'AKV_PROPERTY' } },
    { sources: [made(three), made(three)] },
  ])
  const failing = { code: 'AKV_PROPERTY', since: time(0) }
  t.strictSame(found.slice(1), [
    { object, versions: [two, one], since: time(1), failing },
    { object, versions: [two, one], since: time(1), failing },
    { object, versions: [three], since: time(3) },
  ])
})

t.test('a target without a value holds no version', async (t) => {
  const found = heldAfter(twoFiles, [
    { sources: [nothing, nothing] },
    { sources: [made(one), nothing] },
    { sources: [nothing, nothing] },
  ])
  t.strictSame(found, [
    { object, versions: [] },
    { object, versions: [one], since: time(1) },
    { object, versions: [] },
  ])
})

t.test('a history is held in its own order', async (t) => {
  const config = agentConfig({ files: [secretFile('a', { versions: 3 })] })
  const historyKey = `history of ${key}`
  const history = (...versions: readonly string[]) => ({
    sources: [new Map([[historyKey, versions.map((version) => ({ version }))]])],
    errors: { [historyKey]: undefined },
  })
  const found = heldAfter(config, [history(two, one), history(three, two, one), history(one)])
  t.strictSame(
    found.map(({ versions, since }) => [versions, since]),
    [
      [[two, one], time(0)],
      [[three, two, one], time(1)],
      [[one], time(2)],
    ],
  )
})

t.test('a failure lasts until the object is refreshed', async (t) => {
  const sources = [made(one), made(one)]
  const found = heldAfter(twoFiles, [
    { sources },
    { sources, errors: { [key]: 'AKV_NETWORK' } },
    { sources, errors: { [key]: 'AKV_FORBIDDEN' } },
    { sources, errors: {} },
    { sources },
  ])
  t.strictSame(
    found.map(({ failing }) => failing),
    [
      undefined,
      { code: 'AKV_NETWORK', since: time(0) },
      { code: 'AKV_FORBIDDEN', since: time(0) },
      { code: 'AKV_FORBIDDEN', since: time(0) },
      undefined,
    ],
  )
})

t.test('variables remember every version since the start of the pod', async (t) => {
  const found = heldAfter(withVariable, [
    { sources: [made(one), made(one)] },
    { sources: [made(two), made(one)], errors: { [key]: 'AKV_ENV_VALUE' } },
    { sources: [made(three), made(three)] },
    { sources: [made(three), made(three)] },
  ])
  t.strictSame(
    found.map(({ variables, versions }) => [versions, variables]),
    [
      [[one], [[one, time(0)]]],
      [[two, one], [[one, time(0)]]],
      [
        [three],
        [
          [one, time(0)],
          [three, time(2)],
        ],
      ],
      [
        [three],
        [
          [one, time(0)],
          [three, time(2)],
        ],
      ],
    ],
  )
})

t.test('variables with different versions have them at the same time', async (t) => {
  const found = heldAfter(twoVariables, [
    { sources: [made(one), made(one)] },
    { sources: [made(two), made(one)] },
    { sources: [made(two), made(two)] },
  ])
  t.strictSame(found.at(-1)?.variables, [
    [one, time(0)],
    [two, time(1)],
    [one, time(1)],
    [two, time(2)],
  ])
  const optional = heldAfter(twoVariables, [
    { sources: [nothing, nothing] },
    { sources: [made(one), nothing] },
  ])
  t.strictSame(
    optional.map(({ variables }) => variables),
    [[], [[one, time(1)]]],
  )
})

t.test('of many versions the newest 20 stay', async (t) => {
  const steps = Array.from({ length: 30 }, (_, i) => ({ sources: [made(version(i))] }))
  const config = agentConfig({ env: [secretVariable('A', 'a')] })
  const found = heldAfter(config, steps)
  t.equal(found[19]?.older, undefined)
  t.equal(found[20]?.older, true)
  t.equal(found[29]?.variables?.length, 20)
  t.strictSame(found[29]?.variables?.[0], [version(10), time(10)])
})

t.test('after a restart, what is in place is not known without a record', async (t) => {
  const found = heldAfter(withVariable, [
    { errors: {} },
    { sources: [undefined, undefined], errors: { [key]: 'AKV_NETWORK' } },
    { sources: [made(two), made(two)] },
    { sources: [made(three), made(three)] },
  ])
  t.strictSame(found, [
    { object, variables: [], older: true },
    {
      object,
      failing: { code: 'AKV_NETWORK', since: time(0) },
      variables: [],
      older: true,
    },
    { object, versions: [two], variables: [[two, time(2)]], older: true },
    {
      object,
      versions: [three],
      since: time(3),
      variables: [
        [two, time(2)],
        [three, time(3)],
      ],
      older: true,
    },
  ])
})

t.test('after a restart, the record says what is in place', async (t) => {
  const record: readonly HeldObject[] = [
    {
      object,
      versions: [two, one],
      since: time(0),
      expires: time(9),
      failing: { code: 'AKV_ENV_VALUE', since: time(0) },
      variables: [[one, time(0)]],
    },
  ]
  const found = heldAfter(
    withVariable,
    [
      { errors: {} },
      { sources: [made(three), undefined], errors: { [key]: 'AKV_ENV_VALUE' } },
      { sources: [made(three), made(three)] },
    ],
    record,
  )
  t.strictSame(found[0], record[0], 'all of it')
  t.strictSame(found[1]?.versions, [three, two, one], 'one of them is in the variable')
  t.strictSame(found[1]?.variables, [[one, time(0)]])
  t.strictSame(found[2], {
    object,
    versions: [three],
    since: time(1),
    variables: [
      [one, time(0)],
      [three, time(2)],
    ],
  })
})

t.test('after a restart, a variable may get a new version before the others do', async (t) => {
  const steps = [
    { sources: [made(two), undefined], errors: { [key]: 'AKV_PROPERTY' as const } },
    { sources: [made(two), undefined], errors: { [key]: 'AKV_PROPERTY' as const } },
    { sources: [made(three), made(three)] },
  ]
  const record: readonly HeldObject[] = [
    { object, versions: [one], since: time(0), variables: [[one, time(0)]] },
  ]
  const restart = { errors: {} }
  const found = heldAfter(twoVariables, [restart, ...steps], record)
  t.strictSame(found.at(-1)?.variables, [
    [one, time(0)],
    [two, time(1)],
    [one, time(1)],
    [three, time(3)],
  ])
  const unrecorded = heldAfter(twoVariables, [restart, ...steps])
  t.strictSame(
    unrecorded.map(({ variables, older }) => [variables, older]),
    [
      [[], true],
      [[], true],
      [[], true],
      [[[three, time(3)]], true],
    ],
    'the other one may have any version',
  )
})

t.test('a pinned version is known without a record', async (t) => {
  const pinned = { vault: 'team-a', type: 'secret', name: 'a', version: one } as const
  const held = (more: object) =>
    heldAfter(agentConfig({ files: [secretFile('a', { object: pinned, ...more })] }), [
      { errors: {} },
    ])
  t.strictSame(held({}), [{ object: `${object}@${one}`, versions: [one] }])
  t.strictSame(held({ optional: true }), [{ object: `${object}@${one}` }], 'it may be absent')
  t.strictSame(held({ versions: 2 }), [{ object: `${object}@${one}` }], 'others may be there')
})

t.test('a version that the vault doesn’t name is not known', async (t) => {
  const found = heldAfter(withVariable, [
    { sources: [made(one), made(one)] },
    { sources: [made(undefined), made(undefined)] },
    { sources: [made(two), made(two)] },
  ])
  t.strictSame(found.slice(1), [
    { object, variables: [], older: true },
    { object, versions: [two], variables: [[two, time(2)]], older: true },
  ])
})

t.test('the newest version’s expiry is held, if a calendar has it', async (t) => {
  const expiring = (version: string, expiresAtMs: number): Sources =>
    new Map([[key, [{ version, expiresAtMs }]]])
  const year = 365 * 24 * 3600_000
  const expiries = heldAfter(twoFiles, [
    { sources: [expiring(one, 0), expiring(one, 0)] },
    { sources: [expiring(one, 0), expiring(two, year)] },
    { sources: [expiring(three, -1), expiring(three, -1)] },
    { sources: [expiring(one, 9000 * year), expiring(one, 9000 * year)] },
  ]).map(({ expires }) => expires)
  t.strictSame(expiries, [
    '1970-01-01T00:00:00.000Z',
    '1971-01-01T00:00:00.000Z',
    undefined,
    undefined,
  ])
})
