import t from 'tap'
import type { WantedTemplate } from '../../../delivery/contract.ts'
import { startState } from '../../../delivery/projection/refresh-content.ts'
import { keepFresh } from '../../../init-agent/fetch/refresh.ts'
import { secretFile } from '../harness/pod.ts'
import { simulatePod, stale } from '../harness/simulated-pod.ts'

const version = (digit: number) => `${digit}`.repeat(32)
const secret = (name: string, of?: number) => ({
  object: {
    vault: 'team-a',
    type: 'secret',
    name,
    ...(of === undefined ? {} : { version: version(of) }),
  } as const,
})
const template = (...segments: WantedTemplate['segments']): WantedTemplate => ({
  path: 'app.conf',
  segments,
})
const nothing = () => undefined

t.test('a template is rendered again when one of its values changes', async (t) => {
  const { vault, asked, file, run } = simulatePod(t, {
    templates: [template('u=', secret('user'), ';p=', secret('pinned', 1), ';')],
  })
  vault.set('user', 'a').set('pinned', 'x')
  await run([
    () => t.equal(file('files/app.conf'), 'u=a;p=x;'),
    () => vault.set('user', 'b'),
    () => t.equal(file('files/app.conf'), 'u=b;p=x;'),
  ])
  t.notOk(asked.includes('pinned'), 'the version is remembered')
})

t.test('a template stays as it was if one of its values fails', async (t) => {
  const { vault, file, lines, run } = simulatePod(t, {
    templates: [template(secret('a'), '-', { ...secret('b'), property: 'x' })],
  })
  vault.set('a', '1').set('b', '{"x":"1"}')
  await run([
    () => vault.set('a', '2').set('b', 'AKV_NETWORK'),
    () => {
      t.equal(file('files/app.conf'), '1-1')
      vault.set('b', '{}')
    },
    () => t.equal(file('files/app.conf'), '1-1'),
    () => vault.set('b', '{"x":"2"}'),
    ...Array(3).fill(nothing),
  ])
  t.equal(file('files/app.conf'), '2-2')
  const codes = stale(lines).flatMap(({ objects }) => (objects as { code: string }[])[0]?.code)
  t.strictSame(new Set(codes), new Set(['AKV_NETWORK', 'AKV_PROPERTY_ABSENT']))
})

t.test('an absent optional value renders as nothing', async (t) => {
  const { vault, file, lines, run } = simulatePod(t, {
    templates: [template('[', { ...secret('late'), optional: true }, ']', secret('a'))],
  })
  vault.set('a', '1')
  await run([() => t.equal(file('files/app.conf'), '[]1'), () => vault.set('late', 'x'), nothing])
  t.equal(file('files/app.conf'), '[x]1')
  t.strictSame(stale(lines), [])
})

t.test('on-deleted decides whether a deleted optional value stays', async (t) => {
  for (const onDeleted of ['keep', 'remove'] as const) {
    const { vault, file, lines, run } = simulatePod(t, {
      onDeleted,
      templates: [template('[', { ...secret('b'), optional: true }, ']', secret('a'))],
    })
    vault.set('a', '1').set('b', 'x')
    await run([
      () => vault.set('b', 'AKV_OBJECT_DISABLED'),
      () => vault.set('a', '2'),
      () => t.equal(file('files/app.conf'), onDeleted === 'keep' ? '[x]2' : '[]2'),
    ])
    t.equal(stale(lines).length > 0, onDeleted === 'keep', 'what is kept is told')
  }
})

t.test('on-deleted decides whether a template with a deleted value stays', async (t) => {
  for (const onDeleted of ['keep', 'remove'] as const) {
    const { vault, context, run } = simulatePod(t, {
      onDeleted,
      templates: [template(secret('a'))],
    })
    vault.set('a', '1')
    await run([() => vault.set('a', 'AKV_OBJECT_NOT_FOUND')])
    t.equal(context.volumes.read()?.content.files.has('app.conf'), onDeleted === 'keep')
  }
})

t.test('the files of a folder come and go with the properties', async (t) => {
  const { vault, file, context, lines, run } = simulatePod(t, {
    files: [{ ...secret('json'), path: 'conf', property: '*' }, secretFile('a')],
  })
  vault.set('json', '{"x":"1","y":"1"}').set('a', '1')
  const paths = () => [...(context.volumes.read()?.content.files.keys() ?? [])].sort()
  await run([
    () => t.strictSame(paths(), ['a', 'conf/x', 'conf/y']),
    () => vault.set('json', '{"y":"2","z":"2"}'),
    () => {
      t.strictSame(paths(), ['a', 'conf/y', 'conf/z'])
      vault.set('json', '{"broken').set('a', '3')
    },
    nothing,
  ])
  t.strictSame(paths(), ['a', 'conf/y', 'conf/z'], 'a broken value changes nothing')
  t.equal(file('files/conf/z'), '2')
  t.equal(file('files/a'), '3')
  t.match(stale(lines), [
    { objects: [{ code: 'AKV_PROPERTY' }] },
    { objects: [{ code: 'AKV_PROPERTY' }] },
  ])
})

t.test('a history moves on, and fetches only new versions', async (t) => {
  const { vault, listed, asked, file, run } = simulatePod(t, {
    files: [{ ...secretFile('h'), versions: 2 }],
  })
  for (const digit of [1, 2, 3]) vault.set(`h@${version(digit)}`, `v${digit}`)
  listed.set('h', [2, 1].map(version))
  await run([
    () => t.strictSame([file('files/h/0'), file('files/h/1')], ['v2', 'v1']),
    () => listed.set('h', [3, 2, 1].map(version)),
    nothing,
  ])
  t.strictSame([file('files/h/0'), file('files/h/1')], ['v3', 'v2'])
  t.strictSame(
    asked.filter((name) => name.startsWith('h@')),
    [`h@${version(3)}`],
  )
})

t.test('a history that is empty now keeps its files and its known versions', async (t) => {
  const { vault, listed, asked, file, run } = simulatePod(t, {
    files: [{ ...secretFile('h'), versions: 3 }],
  })
  vault.set(`h@${version(1)}`, 'v1')
  listed.set('h', [version(1)])
  await run([
    () => listed.set('h', []),
    () => t.equal(file('files/h/0'), 'v1'),
    () => listed.set('h', [version(1)]),
    nothing,
  ])
  t.equal(file('files/h/0'), 'v1')
  t.strictSame(
    asked.filter((name) => name.startsWith('h@')),
    [],
  )
})

t.test(
  'after a restart, a pinned version is fetched only for a template with other values',
  async (t) => {
    const { vault, context, asked, file, run } = simulatePod(t, {
      files: [{ ...secret('p', 1), path: 'p' }],
      templates: [
        { path: 'fixed', segments: [secret('q', 1)] },
        { path: 'mixed', segments: [secret('r', 1), secret('s')] },
      ],
    })
    for (const name of ['p', 'q', 'r', 's']) vault.set(name, name)
    await run([])
    vault.set('s', 'S')
    asked.length = 0
    const stop = new AbortController()
    const clock = { ...context.clock, sleep: async (ms: number) => void (ms > 0 && stop.abort()) }
    const content = context.volumes.read()?.content
    if (content === undefined) throw new Error('no set')
    const again = { ...context, clock, signal: stop.signal }
    const state = startState(again.config, { content, goodAtMs: 0 })
    await keepFresh(again, { state, afterMs: 0 })
    t.strictSame(asked.sort(), ['r', 's', 'sign-in'])
    t.equal(file('files/mixed'), 'rS')
    t.equal(file('files/fixed'), 'q')
  },
)

t.test('an absent optional property isn’t an error', async (t) => {
  const { vault, context, lines, run } = simulatePod(t, {
    files: [{ ...secretFile('a'), property: 'x', optional: true }, secretFile('b')],
  })
  vault.set('a', '{}').set('b', '')
  await run([nothing])
  t.strictSame([...(context.volumes.read()?.content.files.keys() ?? [])], ['b'])
  t.strictSame(stale(lines), [])
})

t.test('optional files of a served volume may be absent, also a history', async (t) => {
  const served = { volume: 'store', optional: true } as const
  const { vault, file, lines, run } = simulatePod(t, {
    version: 2,
    volumes: [{ name: 'store', class: 'azure-kv' }],
    files: [
      { ...secretFile('there'), volume: 'store' },
      secretFile('late', served),
      secretFile('web', { ...served, format: 'pem' }),
      secretFile('past', { ...served, versions: 2 }),
    ],
  })
  vault.set('there', '1')
  await run([
    () => {
      t.equal(file('csi/store/there'), '1')
      for (const name of ['late', 'web', 'past'])
        t.throws(() => file(`csi/store/${name}`), { code: 'ENOENT' })
      vault.set('late', '2')
    },
  ])
  t.equal(file('csi/store/late'), '2')
  t.strictSame(stale(lines), [])
})
