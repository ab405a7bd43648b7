import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { AgentParts } from '../../init-agent/agent.ts'
import type { AgentConfig } from '../../init-agent/contract.ts'
import { firstFetch } from '../../init-agent/first-fetch.ts'
import { keepFresh, startState } from '../../init-agent/refresh.ts'
import { openVolumes } from '../../init-agent/volumes.ts'
import { AkvError, type AkvErrorCode } from '../../keyvault/errors.ts'
import { type FakeClock, fakeClock } from './fake-clock.ts'
import { memoryLog } from './memory-log.ts'
import { agentConfig, secretFile, secretVariable } from './pod.ts'

const interval = 100

/** A pod in this process: real folders, a vault that is a table, and a clock that passes by waiting. */
interface Bench {
  readonly parts: AgentParts
  readonly clock: FakeClock
  /** What the vault answers from now on. */
  readonly vault: Map<string, string | AkvErrorCode>
  /** Names asked for, in order, and `sign-in`. */
  readonly asked: string[]
  readonly lines: ReturnType<typeof memoryLog>['lines']
  file(path: string): string
  /** Fetches first, then refreshes; `rounds[n]` is called before the n-th refresh. */
  run(rounds: readonly (() => unknown)[]): Promise<void>
}

const isCode = (value: string): value is AkvErrorCode => value.startsWith('AKV_')

function bench(
  t: Test,
  wanted: Partial<AgentConfig>,
  options: { random?: number; retryAfterMs?: number } = {},
): Bench {
  const root = t.testdir({ files: {}, env: {} })
  const stop = new AbortController()
  const vault = new Map<string, string | AkvErrorCode>()
  const asked: string[] = []
  let rounds: readonly (() => unknown)[] = []
  let round = 0
  const clock = fakeClock({
    random: options.random ?? 0.5,
    onSleep() {
      const before = rounds[round++]
      if (before) before()
      else stop.abort()
    },
  })
  const answer = (name: string) => {
    asked.push(name)
    const value = vault.get(name) ?? 'AKV_OBJECT_NOT_FOUND'
    const { retryAfterMs } = options
    if (isCode(value)) throw new AkvError({ code: value, message: `${name} failed`, retryAfterMs })
    return value
  }
  const config = agentConfig({ refreshSeconds: interval, ...wanted })
  const { log, lines } = memoryLog()
  const parts: AgentParts = {
    config,
    session: {
      signIn: { token: async () => answer('sign-in'), forget: () => asked.push('forget') },
      read: async ({ name }) => ({ value: answer(name) }),
    },
    volumes: openVolumes(root, config),
    clock,
    log,
    signal: stop.signal,
  }
  vault.set('sign-in', 'a token')
  return {
    parts,
    clock,
    vault,
    asked,
    lines,
    file: (path) => readFileSync(join(root, path), 'utf8'),
    async run(wantedRounds) {
      const content = await firstFetch(parts)
      rounds = wantedRounds
      asked.length = 0
      const state = startState(parts, { content, goodAtMs: clock.now() })
      await keepFresh(parts, { state, isDue: false })
    },
  }
}

const stale = (lines: Bench['lines']) =>
  lines.filter(({ message }) => /not be refreshed/.test(message))

t.test('the first phase is random, and each interval differs by up to a tenth', async (t) => {
  for (const [random, first, later] of [
    [0, 0, 90_000],
    [0.5, 50_000, 100_000],
    [0.99, 99_000, 109_800],
  ] as const) {
    const { clock, vault, run } = bench(t, { files: [secretFile('a')] }, { random })
    vault.set('a', '1')
    await run([() => undefined, () => undefined])
    t.strictSame(clock.waits.map(Math.round), [first, later, later])
  }
})

t.test('a new value is switched in, an old one touches nothing', async (t) => {
  const { vault, file, lines, run } = bench(t, {
    files: [secretFile('a')],
    env: [secretVariable('A', 'a')],
  })
  vault.set('a', '1')
  await run([() => vault.set('a', '2'), () => t.equal(file('files/a'), '2')])
  t.equal(file('env/env'), "A='2'\n")
  t.strictSame(
    lines
      .filter(({ message }) => message === 'a new set is in place')
      .map(({ changed }) => changed),
    [['A', 'a']],
  )
})

t.test(
  'what fails keeps its value while the others switch, and is told once an interval',
  async (t) => {
    const { vault, file, lines, run } = bench(t, { files: [secretFile('a'), secretFile('b')] })
    vault.set('a', '1').set('b', '1')
    await run([
      () => vault.set('a', '2').set('b', 'AKV_VAULT_UNAVAILABLE'),
      () => {
        t.equal(file('files/a'), '2')
        t.equal(file('files/b'), '1')
      },
      () => undefined,
    ])
    const told = stale(lines)
    t.equal(told.length, 3)
    t.match(told.at(-1), {
      level: 'warn',
      objects: [{ object: 'secret team-a:b', code: 'AKV_VAULT_UNAVAILABLE', staleSeconds: 250 }],
    })
  },
)

t.test('it backs off, and is fresh again when it heals', async (t) => {
  const { vault, asked, file, lines, run } = bench(t, { files: [secretFile('a')] })
  vault.set('a', '1')
  const wait = () => undefined
  await run([
    () => vault.set('a', 'AKV_FORBIDDEN'),
    wait,
    wait,
    () => vault.set('a', '2'),
    wait,
    wait,
  ])
  // Tried in the 1st, 2nd and 4th; good in the 4th, and so in the 5th and 6th.
  t.equal(asked.filter((name) => name === 'a').length, 5)
  t.equal(stale(lines).length, 3, 'told in the 3rd too, though it sat that out')
  t.equal(file('files/a'), '2')
})

t.test('a pause that the vault asked for outlasts the interval', async (t) => {
  const { vault, asked, run } = bench(t, { files: [secretFile('a')] }, { retryAfterMs: 250_000 })
  vault.set('a', '1')
  await run([() => vault.set('a', 'AKV_THROTTLED'), ...Array(3).fill(() => undefined)])
  t.equal(asked.filter((name) => name === 'a').length, 2, 'in the 1st and the 4th')
})

t.test('a version is not asked for again', async (t) => {
  const version = '0123456789abcdef0123456789abcdef'
  const object = { vault: 'team-a', type: 'secret', name: 'pinned', version } as const
  const { vault, asked, run } = bench(t, { files: [secretFile('a'), { path: 'p', object }] })
  vault.set('a', '1').set('pinned', '1')
  await run([() => undefined, () => undefined])
  t.strictSame(new Set(asked), new Set(['sign-in', 'a']))
})

t.test('with versions alone, nobody is asked for anything', async (t) => {
  const version = '0123456789abcdef0123456789abcdef'
  const object = { vault: 'team-a', type: 'secret', name: 'pinned', version } as const
  const { vault, asked, run } = bench(t, { files: [{ path: 'p', object }] })
  vault.set('pinned', '1')
  await run([() => undefined])
  t.strictSame(asked, [])
})

t.test('what was absent may come, what was there may be deleted', async (t) => {
  const optional = { optional: true } as const
  for (const onDeleted of ['keep', 'remove'] as const) {
    const { vault, file, run } = bench(t, {
      onDeleted,
      files: [secretFile('a'), secretFile('late', optional)],
      env: [secretVariable('A', 'a')],
    })
    vault.set('a', '1')
    await run([
      () => vault.set('late', '1'),
      () => {
        t.equal(file('files/late'), '1')
        vault.set('a', 'AKV_OBJECT_DISABLED')
      },
      () => {
        if (onDeleted === 'keep') t.equal(file('files/a'), '1')
        else t.throws(() => file('files/a'), { code: 'ENOENT' })
        t.equal(file('env/env'), "A='1'\n")
      },
    ])
  }
})

t.test('a sign-in that fails leaves all as it is, in one line', async (t) => {
  const { vault, asked, file, lines, run } = bench(t, { files: [secretFile('a'), secretFile('b')] })
  vault.set('a', '1').set('b', '1')
  await run([() => vault.set('sign-in', 'AKV_ENTRA_UNAVAILABLE')])
  t.strictSame(asked, ['sign-in'])
  t.equal(file('files/a'), '1')
  t.match(stale(lines), [{ objects: [{ code: 'AKV_ENTRA_UNAVAILABLE' }, {}] }])
  t.equal(stale(lines).length, 1)
})

t.test('a token that the vault refuses is dropped, and the next round signs in anew', async (t) => {
  const { vault, asked, file, run } = bench(t, { files: [secretFile('a')] })
  vault.set('a', '1')
  await run([() => vault.set('a', 'AKV_UNAUTHORIZED'), () => vault.set('a', '2')])
  t.strictSame(asked, ['sign-in', 'a', 'forget', 'sign-in', 'a'])
  t.equal(file('files/a'), '2')
})

t.test('a value that became no variable keeps the variable, and the file goes on', async (t) => {
  const { vault, file, lines, run } = bench(t, {
    files: [secretFile('a')],
    env: [secretVariable('A', 'a')],
  })
  vault.set('a', '1')
  await run([() => vault.set('a', "it's")])
  t.equal(file('env/env'), "A='1'\n")
  t.equal(file('files/a'), "it's")
  t.match(stale(lines), [{ objects: [{ code: 'AKV_ENV_VALUE' }] }])
})

t.test('a volume that can’t be written ends nothing, and is tried again', async (t) => {
  const { parts, vault, file, lines, run } = bench(t, { files: [secretFile('a')] })
  vault.set('a', '1')
  const { write } = parts.volumes
  const full = () => {
    throw new AkvError({ code: 'AKV_VOLUME_FULL', message: 'full' })
  }
  await run([
    () => {
      vault.set('a', '2')
      t.intercept(parts.volumes, 'write', { value: full, writable: true })
    },
    () => t.intercept(parts.volumes, 'write', { value: write, writable: true }),
  ])
  t.match(
    lines.find(({ code }) => code === 'AKV_VOLUME_FULL'),
    { level: 'warn' },
  )
  t.equal(file('files/a'), '2')
})

t.test('the application is told of a change, and of nothing else', async (t) => {
  let told = 0
  const server = createServer((_request, response) => {
    told++
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const { vault, run } = bench(t, {
    files: [secretFile('a')],
    notify: `http://127.0.0.1:${port}/`,
  })
  vault.set('a', '1')
  await run([() => t.equal(told, 0), () => vault.set('a', '2'), () => t.equal(told, 1)])
  t.equal(told, 1)
})

t.test('an application that does not listen is a warning', async (t) => {
  const { vault, lines, file, run } = bench(t, {
    files: [secretFile('a')],
    notify: 'http://127.0.0.1:9/',
  })
  vault.set('a', '1')
  // Notifying waits too, twice.
  await run([() => vault.set('a', '2'), () => undefined, () => undefined])
  t.equal(file('files/a'), '2')
  t.match(
    lines.find(({ code }) => code === 'AKV_NOTIFY_FAILED'),
    { level: 'warn' },
  )
})

t.test('the variables are switched before the files, and not if the files can’t be', async (t) => {
  const root = t.testdir({ files: {}, env: {} })
  const config = agentConfig({ files: [secretFile('a')], env: [secretVariable('A', 'a')] })
  const volumes = openVolumes(root, config)
  const content = (value: string) => ({
    files: new Map([['a', Buffer.from(value)]]),
    env: new Map([['A', Buffer.from(value)]]),
  })
  volumes.write(content('1'))
  t.match(volumes.read()?.content, content('1'))
  writeFileSync(join(root, 'files', 'b'), 'foreign')
  const inTheWay = { ...content('2'), files: new Map([['b', Buffer.from('2')]]) }
  t.throws(() => volumes.write(inTheWay), { code: 'AKV_FILE_IN_THE_WAY' })
  t.match(volumes.read()?.content, content('1'))
})
