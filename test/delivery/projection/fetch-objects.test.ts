import t from 'tap'
import { firstFetchDeadline, fixedDeadline } from '../../../delivery/projection/deadline.ts'
import {
  type FetchObjectsOptions,
  fetchObjects,
} from '../../../delivery/projection/fetch-objects.ts'
import type { WantedObject } from '../../../delivery/projection/wanted-objects.ts'
import { reportRetries } from '../../../init-agent/fetch/report-retries.ts'
import type { ListedVersion } from '../../../keyvault/clients/object-client.ts'
import type { ObjectReader } from '../../../keyvault/readers/object-reader.ts'
import { pauseThrottledVaults, VaultPauses } from '../../../keyvault/readers/vault-pauses.ts'
import type { ObjectReference } from '../../../keyvault/reference.ts'
import { AkvError, type AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { secretAnswer } from '../../init-agent/harness/secret-answer.ts'
import { type FakeClock, fakeClock } from '../../support/fake-clock.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { secretPagesOf } from '../../support/secret-pages.ts'

const object = (
  name: string,
  more: { vault?: string; isRequired?: boolean } = {},
): WantedObject => ({
  reference: { vault: more.vault ?? 'team-a', type: 'secret', name },
  isRequired: more.isRequired ?? true,
})
const failure = (code: AkvErrorCode, retryAfterMs?: number) =>
  new AkvError(code, code, { retryAfterMs })

function fetch(
  objects: readonly WantedObject[],
  value: (reference: ObjectReference) => Promise<string>,
  {
    clock = fakeClock({}),
    timeoutMs = 60_000,
    listed = [],
    ...more
  }: Pick<Partial<FetchObjectsOptions>, 'known'> & {
    clock?: FakeClock
    timeoutMs?: number
    listed?: readonly ListedVersion[]
  } = {},
) {
  const { log, lines } = memoryLog()
  const deadline =
    timeoutMs > 0
      ? firstFetchDeadline({ timeoutSeconds: timeoutMs / 1000 }, clock.now())
      : fixedDeadline(clock.now() + timeoutMs)
  const onRetry = reportRetries({ log, clock, deadline })
  const { signal } = new AbortController()
  const vaults: ObjectReader = {
    read: async (reference) => {
      const found = await value(reference)
      // The newest of those in a test is named by its digit.
      const newest = /^[a-f]$/.test(found) ? found.repeat(32) : undefined
      return secretAnswer(found, { version: reference.version ?? newest })
    },
    listVersions: async () => listed,
    secretPages: () => secretPagesOf(),
  }
  const pauses = new VaultPauses(clock)
  const reader = pauseThrottledVaults(vaults, pauses)
  const options = { objects, reader, clock, deadline, onRetry, signal, log, ...more }
  return { lines, outcomes: fetchObjects(options) }
}

t.test('every object has its outcome, by its name', async (t) => {
  const { outcomes } = fetch(
    [object('A'), object('b', { isRequired: false })],
    async ({ name }) => {
      if (name === 'b') throw failure('AKV_OBJECT_DISABLED')
      return 'é'
    },
  )
  const found = await outcomes
  t.match(found.get('team-a:secrets/a'), { kind: 'fetched', found: [{ value: 'é' }] })
  t.match(found.get('team-a:secrets/b'), { kind: 'absent', error: { code: 'AKV_OBJECT_DISABLED' } })
})

t.test('a retryable failure is retried, and reported once for each vault and code', async (t) => {
  const tries = new Map<string, number>()
  const { outcomes, lines } = fetch(
    [object('a'), object('b'), object('c', { vault: 'team-b' })],
    async ({ name }) => {
      const count = (tries.get(name) ?? 0) + 1
      tries.set(name, count)
      if (count < 3) throw failure('AKV_FORBIDDEN')
      return name
    },
  )
  t.strictSame(
    [...(await outcomes).values()].map(({ kind }) => kind),
    ['fetched', 'fetched', 'fetched'],
  )
  t.strictSame([...tries.values()], [3, 3, 3])
  t.equal(lines.filter(({ level }) => level === 'warn').length, 2)
  t.equal(lines.filter(({ level, code }) => level === 'debug' && code).length, 4)
})

t.test('a permanent failure ends all retries, but each object gets its first try', async (t) => {
  let tries = 0
  const objects = [object('bad'), ...Array.from({ length: 25 }, (_, i) => object(`o${i}`))]
  const { outcomes } = fetch(objects, async ({ name }) => {
    tries++
    if (name === 'bad') throw failure('AKV_BAD_REQUEST')
    throw failure(name === 'o24' ? 'AKV_OBJECT_NOT_FOUND' : 'AKV_NETWORK')
  })
  const found = await outcomes
  t.equal(tries, 26)
  t.equal(found.size, 26)
  t.match(found.get('team-a:secrets/o24'), { kind: 'absent' })
})

t.test('an optional object that is absent ends nothing', async (t) => {
  let tries = 0
  const { outcomes } = fetch(
    [object('a'), object('b', { isRequired: false })],
    async ({ name }) => {
      if (name === 'b') throw failure('AKV_OBJECT_NOT_FOUND')
      if (++tries < 3) throw failure('AKV_NETWORK')
      return 'x'
    },
  )
  t.match((await outcomes).get('team-a:secrets/a'), { kind: 'fetched' })
})

t.test('a vault that throttles for longer than the timeout is waited for', async (t) => {
  const clock = fakeClock({})
  const startMs = clock.now()
  const objects = Array.from({ length: 30 }, (_, i) => object(`o${i}`))
  const { outcomes, lines } = fetch(
    objects,
    async () => {
      if (clock.now() < startMs + 600_000) throw failure('AKV_THROTTLED', 120_000)
      return 'x'
    },
    { clock, timeoutMs: 10_000 },
  )
  for (const { kind } of (await outcomes).values()) t.equal(kind, 'fetched')
  t.ok(clock.now() >= startMs + 600_000)
  t.match(lines[0], { level: 'warn', message: /waiting for the vault's limit/ })
})

t.test('a vault that throttles forever is waited for until the allowance is used up', async (t) => {
  const clock = fakeClock({})
  const startMs = clock.now()
  const { outcomes } = fetch(
    [object('a')],
    async () => {
      throw failure('AKV_THROTTLED', 60_000)
    },
    { clock, timeoutMs: 10_000 },
  )
  t.match((await outcomes).get('team-a:secrets/a'), { error: { code: 'AKV_THROTTLED' } })
  const waitedMs = clock.now() - startMs
  t.ok(waitedMs > 13 * 60_000 && waitedMs <= 15 * 60_000 + 10_000, `${waitedMs} ms`)
})

t.test('a pause longer than the allowance ends it when the time is over', async (t) => {
  const clock = fakeClock({})
  const startMs = clock.now()
  const { outcomes } = fetch(
    [object('a')],
    async () => {
      throw failure('AKV_THROTTLED', 3_600_000)
    },
    { clock, timeoutMs: 10_000 },
  )
  t.match((await outcomes).get('team-a:secrets/a'), { error: { code: 'AKV_THROTTLED' } })
  t.equal(clock.now(), startMs + 10_000)
})

t.test('a pause holds for every request to its vault, but not for other vaults', async (t) => {
  const clock = fakeClock({ random: 0.1 })
  const asked: { vault: string; atMs: number }[] = []
  const startMs = clock.now()
  const objects = Array.from({ length: 30 }, (_, i) => object(`o${i}`))
  const { outcomes } = fetch(
    [...objects, object('x', { vault: 'team-b' })],
    async ({ vault }) => {
      asked.push({ vault, atMs: clock.now() - startMs })
      if (vault === 'team-a' && clock.now() < startMs + 7000) throw failure('AKV_THROTTLED', 7000)
      return 'x'
    },
    { clock },
  )
  for (const { kind } of (await outcomes).values()) t.equal(kind, 'fetched')
  const early = asked.filter(({ vault, atMs }) => vault === 'team-a' && atMs < 7000)
  t.ok(early.length <= 10, `${early.length} were under way when it asked`)
  t.ok(asked.some(({ vault, atMs }) => vault === 'team-b' && atMs === 0))
})

t.test('at most ten requests to a vault run at a time', async (t) => {
  let running = 0
  let most = 0
  const objects = Array.from({ length: 40 }, (_, i) => object(`o${i}`))
  const { outcomes } = fetch(objects, async () => {
    most = Math.max(most, ++running)
    await new Promise(setImmediate)
    running--
    return 'x'
  })
  t.equal((await outcomes).size, 40)
  t.equal(most, 10)
})

t.test('after the deadline nothing is requested any more, however many objects wait', async (t) => {
  const clock = fakeClock({})
  const startedAtMs = clock.now()
  const objects = Array.from({ length: 35 }, (_, i) => object(`o${i}`))
  const hang = async () => {
    await clock.sleep(10_000)
    throw failure('AKV_NETWORK')
  }
  const { outcomes } = fetch(objects, hang, { clock, timeoutMs: 5_000 })
  const all = [...(await outcomes).values()]
  t.ok(clock.now() - startedAtMs <= 10_000, 'no longer than the one try that was under way')
  t.equal(all.length, objects.length)
  t.match(all.at(-1), {
    kind: 'failed',
    error: {
      code: 'AKV_NETWORK',
      message: /the timeout was over before vault team-a could be asked/,
    },
  })
})

t.test('an unexpected error becomes a failure that doesn’t show its text', async (t) => {
  const { outcomes } = fetch([object('a')], async () => {
    throw new TypeError('hunter2')
  })
  const outcome = (await outcomes).get('team-a:secrets/a')
  t.match(outcome, { kind: 'failed', error: { code: 'AKV_INTERNAL' } })
  t.notMatch(outcome?.kind === 'failed' && outcome.error.message, /hunter2/)
})

const version = (digit: string) => digit.repeat(32)
const listed = ['c', 'b', 'a'].map((digit, i) => ({
  version: version(digit),
  isEnabled: true,
  createdAtMs: -i * 1000,
}))

t.test('a version is fetched once, for histories and by its name', async (t) => {
  const asked: string[] = []
  const pinned = { ...object('h').reference, version: version('b') }
  const { outcomes } = fetch(
    [
      { ...object('h'), versions: 3 },
      { reference: pinned, isRequired: true },
    ],
    async (reference) => {
      asked.push(reference.version?.[0] ?? 'newest')
      return reference.version?.[0] ?? ''
    },
    {
      listed,
      known: new Map([[`team-a:secrets/h@${version('a')}`, secretAnswer('known')]]),
    },
  )
  const values = [...(await outcomes).values()].map((outcome) =>
    outcome.kind === 'fetched'
      ? outcome.found.map((object) => 'value' in object && object.value)
      : [],
  )
  t.strictSame(values, [['c', 'b', 'known'], ['b']])
  t.strictSame(asked.sort(), ['b', 'c'])
})

t.test(
  'if two versions have one creation time, the vault decides which is newest, unless that is disabled',
  async (t) => {
    const twins = listed.map((version) => ({ ...version, createdAtMs: 0 }))
    for (const [newest, expected] of [
      ['b', ['b', 'a', 'c']],
      [undefined, ['a', 'b', 'c']],
    ] as const) {
      const { outcomes } = fetch(
        [{ ...object('h'), versions: 3 }],
        async (reference) => {
          if (reference.version !== undefined) return reference.version[0] ?? ''
          if (newest === undefined) throw failure('AKV_OBJECT_DISABLED')
          return newest
        },
        { listed: twins },
      )
      const [outcome] = [...(await outcomes).values()]
      const found = outcome?.kind === 'fetched' ? outcome.found : []
      t.strictSame(
        found.map((object) => 'value' in object && object.value),
        expected,
      )
    }
  },
)

t.test(
  'if two versions have one creation time and the vault doesn’t answer, the history fails',
  async (t) => {
    const twins = listed.map((version) => ({ ...version, createdAtMs: 0 }))
    const { outcomes } = fetch(
      [{ ...object('h'), versions: 3 }],
      async (reference) => {
        if (reference.version === undefined) throw failure('AKV_BAD_ANSWER')
        return reference.version[0] ?? ''
      },
      { listed: twins },
    )
    t.match([...(await outcomes).values()], [{ kind: 'failed', error: { code: 'AKV_BAD_ANSWER' } }])
  },
)

t.test('if one version of a history fails, the history fails', async (t) => {
  const { outcomes } = fetch(
    [{ ...object('h'), versions: 2 }],
    async ({ version }) => {
      if (version?.startsWith('b')) throw failure('AKV_BAD_ANSWER')
      return 'x'
    },
    { listed },
  )
  t.match([...(await outcomes).values()], [{ kind: 'failed', error: { code: 'AKV_BAD_ANSWER' } }])
})
