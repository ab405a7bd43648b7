import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { AgentContext } from '../../../init-agent/context/agent-context.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import { secretFile, secretVariable } from '../harness/pod.ts'
import { simulatePod, stale } from '../harness/simulated-pod.ts'

t.test('an absent object may appear, and an existing one may be deleted', async (t) => {
  const optional = { optional: true } as const
  for (const onDeleted of ['keep', 'remove'] as const) {
    const { vault, file, run } = simulatePod(t, {
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

t.test('a removal that was asked for isn’t a failure, and is reported once', async (t) => {
  const { vault, lines, run } = simulatePod(t, { onDeleted: 'remove', files: [secretFile('a')] })
  vault.set('a', '1')
  await run([() => vault.set('a', 'AKV_OBJECT_NOT_FOUND'), () => undefined, () => undefined])
  t.strictSame(stale(lines), [])
  t.match(
    lines.filter(({ message }) => message === 'changed values written'),
    { length: 1 },
  )
})

t.test('if the sign-in fails, everything stays as it is, and one line says so', async (t) => {
  const { vault, asked, file, lines, run } = simulatePod(t, {
    files: [secretFile('a'), secretFile('b')],
  })
  vault.set('a', '1').set('b', '1')
  await run([() => vault.set('sign-in', 'AKV_ENTRA_UNAVAILABLE')])
  t.strictSame(asked, ['sign-in'])
  t.equal(file('files/a'), '1')
  const code = 'AKV_ENTRA_UNAVAILABLE'
  t.match(stale(lines), [{ objects: [{ code }, { code }] }])
  t.equal(stale(lines).length, 1)
})

const failing = (asked: readonly string[]) => asked.filter((name) => name !== 'sign-in')

t.test('in an outage, the agent sends one request per interval until it is over', async (t) => {
  const names = ['a', 'b', 'c', 'd']
  const { vault, asked, file, run } = simulatePod(t, {
    files: names.map((name) => secretFile(name)),
  })
  for (const name of names) vault.set(name, '1')
  const fail = () => names.map((name) => vault.set(name, 'AKV_VAULT_UNAVAILABLE'))
  const wait = () => undefined
  await run([
    fail,
    ...Array(8).fill(wait),
    () => {
      t.equal(failing(asked).length, 1 + 9, 'two objects at first, then one an interval')
      asked.length = 0
      for (const name of names) vault.set(name, '2')
    },
  ])
  t.strictSame(failing(asked).toSorted(), names, 'all are fetched in the first interval after it')
  for (const name of names) t.equal(file(`files/${name}`), '2')
})

t.test('an object that fails alone never keeps the others from being refreshed', async (t) => {
  for (const random of [0, 0.5, 0.9]) {
    const files = ['a', 'b', 'c'].map((name) => secretFile(name))
    const { vault, file, run } = simulatePod(t, { files }, { random })
    for (const name of ['a', 'b', 'c']) vault.set(name, '0')
    vault.set('a', '0')
    const rounds = Array.from({ length: 12 }, (_, round) => () => {
      if (round > 0) for (const name of ['b', 'c']) t.equal(file(`files/${name}`), `${round - 1}`)
      vault.set('a', 'AKV_VAULT_UNAVAILABLE')
      for (const name of ['b', 'c']) vault.set(name, `${round}`)
    })
    await run(rounds)
  }
})

t.test('a throttled object is fetched again as soon as the pause is over', async (t) => {
  const { clock, vault, file, run } = simulatePod(
    t,
    { files: [secretFile('a')] },
    { retryAfterMs: 20_000 },
  )
  vault.set('a', '1')
  await run([() => vault.set('a', 'AKV_THROTTLED'), () => vault.set('a', '2')])
  t.equal(clock.waits[1], 20_000)
  t.equal(file('files/a'), '2')
})

t.test('after the pause of a throttled object, only that object is fetched again', async (t) => {
  const files = ['a', 'b', 'c'].map((name) => secretFile(name))
  const { vault, asked, file, run } = simulatePod(t, { files }, { retryAfterMs: 20_000 })
  for (const name of ['a', 'b', 'c']) vault.set(name, '1')
  await run([
    () => vault.set('b', 'AKV_THROTTLED'),
    () => {
      t.strictSame(failing(asked).toSorted(), ['a', 'b', 'c'])
      asked.length = 0
      for (const name of ['a', 'b', 'c']) vault.set(name, '2')
    },
  ])
  t.strictSame(failing(asked), ['b'])
  for (const name of ['a', 'c']) t.equal(file(`files/${name}`), '1', 'not before its interval')
  t.equal(file('files/b'), '2')
})

t.test('a token that the vault refuses is replaced once in a refresh', async (t) => {
  const { vault, asked, file, lines, run } = simulatePod(t, { files: [secretFile('a')] })
  vault.set('a', '1')
  await run([() => vault.set('a', 'AKV_UNAUTHORIZED'), () => vault.set('a', '2')])
  t.strictSame(asked, ['sign-in', 'a', 'forget', 'a', 'sign-in', 'a'])
  t.match(stale(lines), [{ objects: [{ code: 'AKV_UNAUTHORIZED' }] }])
  t.equal(file('files/a'), '2')
})

t.test(
  'a new value that can’t be a variable keeps the variable, but changes the file',
  async (t) => {
    const { vault, file, lines, run } = simulatePod(t, {
      files: [secretFile('a')],
      env: [secretVariable('A', 'a')],
    })
    vault.set('a', '1')
    await run([() => vault.set('a', "it's")])
    t.equal(file('env/env'), "A='1'\n")
    t.equal(file('files/a'), "it's")
    t.match(stale(lines), [{ objects: [{ code: 'AKV_ENV_VALUE' }] }])
  },
)

/** @returns says whether the volumes are full from now on */
function fillVolumes(t: Test, { volumes }: Pick<AgentContext, 'volumes'>) {
  const { write } = volumes
  const full = () => {
    throw new AkvError('AKV_VOLUME_FULL', 'full')
  }
  return (isFull: boolean) =>
    t.intercept(volumes, 'write', { value: isFull ? full : write, writable: true })
}

t.test('an agent that can’t write a volume goes on and tries again', async (t) => {
  const { context, vault, file, lines, run } = simulatePod(t, { files: [secretFile('a')] })
  vault.set('a', '1')
  const fill = fillVolumes(t, context)
  await run([
    () => {
      vault.set('a', '2')
      fill(true)
    },
    () => fill(false),
  ])
  t.match(
    lines.find(({ code }) => code === 'AKV_VOLUME_FULL'),
    { level: 'warn' },
  )
  t.equal(file('files/a'), '2')
})

t.test(
  'a pinned version that couldn’t be written at first is written, and no failure',
  async (t) => {
    const version = '0'.repeat(32)
    const object = { vault: 'team-a', type: 'secret', name: 'late', version } as const
    const { context, vault, file, lines, run } = simulatePod(t, {
      files: [secretFile('a'), secretFile('late', { object, optional: true })],
    })
    vault.set('a', '1')
    const fill = fillVolumes(t, context)
    await run([
      () => {
        vault.set(`late@${version}`, '1')
        fill(true)
      },
      () => fill(false),
      () => t.equal(file('files/late'), '1'),
    ])
    t.strictSame(stale(lines), [])
  },
)

t.test('the application is notified of changes only', async (t) => {
  let told = 0
  const server = createServer((_request, response) => {
    told++
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const { vault, run } = simulatePod(t, {
    files: [secretFile('a')],
    notify: `http://127.0.0.1:${port}/`,
  })
  vault.set('a', '1')
  await run([() => t.equal(told, 0), () => vault.set('a', '2'), () => t.equal(told, 1)])
  t.equal(told, 1)
})

t.test('an application that doesn’t listen causes a warning', async (t) => {
  const { vault, lines, file, run } = simulatePod(t, {
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

t.test('a line about very many objects stays short', async (t) => {
  const names = Array.from({ length: 300 }, (_, i) => `secret-with-a-long-name-${i}`)
  const { vault, lines, run } = simulatePod(t, { files: names.map((name) => secretFile(name)) })
  for (const name of names) vault.set(name, '1')
  await run([() => names.map((name) => vault.set(name, 'AKV_NETWORK'))])
  const [told] = stale(lines)
  t.equal(told?.['count'], 300)
  t.ok(JSON.stringify(told).length < 16 * 1024)
})
