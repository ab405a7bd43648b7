import t from 'tap'
import { secretFile, secretVariable } from '../harness/pod.ts'
import { simulatePod, stale } from '../harness/simulated-pod.ts'

t.test('the first wait is random, and each interval varies by up to a tenth', async (t) => {
  for (const [random, first, later] of [
    [0, 0, 90_000],
    [0.5, 50_000, 100_000],
    [0.99, 99_000, 109_800],
  ] as const) {
    const { clock, vault, run } = simulatePod(t, { files: [secretFile('a')] }, { random })
    vault.set('a', '1')
    await run([() => undefined, () => undefined])
    t.strictSame(clock.waits.map(Math.round), [first, later, later])
  }
})

t.test('a new value is written, an unchanged one touches nothing', async (t) => {
  const { vault, file, lines, run } = simulatePod(t, {
    files: [secretFile('a')],
    env: [secretVariable('A', 'a')],
  })
  vault.set('a', '1')
  await run([() => vault.set('a', '2'), () => t.equal(file('files/a'), '2')])
  t.equal(file('env/env'), "A='2'\n")
  t.strictSame(
    lines
      .filter(({ message }) => message === 'changed values written')
      .map(({ changed }) => changed),
    [['A', 'a']],
  )
})

t.test(
  'a failed target keeps its value while the others change, and is reported once an interval',
  async (t) => {
    const { vault, file, lines, run } = simulatePod(t, {
      files: [secretFile('a'), secretFile('b')],
    })
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

t.test('a failing object backs off, and is up to date again after the failure', async (t) => {
  const { vault, asked, file, lines, run } = simulatePod(t, { files: [secretFile('a')] })
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
  const { vault, asked, run } = simulatePod(
    t,
    { files: [secretFile('a')] },
    { retryAfterMs: 250_000 },
  )
  vault.set('a', '1')
  await run([() => vault.set('a', 'AKV_THROTTLED'), ...Array(3).fill(() => undefined)])
  t.equal(asked.filter((name) => name === 'a').length, 2, 'in the 1st and the 4th')
})

t.test('a pinned version isn’t requested again', async (t) => {
  const version = '0123456789abcdef0123456789abcdef'
  const object = { vault: 'team-a', type: 'secret', name: 'pinned', version } as const
  const { vault, asked, run } = simulatePod(t, { files: [secretFile('a'), { path: 'p', object }] })
  vault.set('a', '1').set('pinned', '1')
  await run([() => undefined, () => undefined])
  t.strictSame(new Set(asked), new Set(['sign-in', 'a']))
})

t.test('an agent with pinned versions only requests nothing on a refresh', async (t) => {
  const version = '0123456789abcdef0123456789abcdef'
  const object = { vault: 'team-a', type: 'secret', name: 'pinned', version } as const
  const { vault, asked, run } = simulatePod(t, { files: [{ path: 'p', object }] })
  vault.set('pinned', '1')
  await run([() => undefined])
  t.strictSame(asked, [])
})
