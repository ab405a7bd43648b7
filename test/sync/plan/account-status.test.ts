import t from 'tap'
import { parse } from 'yaml'
import { maxStatusLength, readSyncStatus } from '../../../requests/account/sync-status.ts'
import {
  type Failing,
  failingSince,
  type StatusEntry,
  statusText,
} from '../../../sync/plan/account-status.ts'

const atMs = Date.parse('2026-11-26T03:00:00.500Z')
const failing = (code: Failing['code']) => ({ failing: { code, sinceMs: 0, sinceWallMs: atMs } })

t.test('the status has a line for each Secret, sorted by name', async (t) => {
  const secrets = new Map<string, { failing?: Failing }>([
    ['web-tls', failing('AKV_FORBIDDEN')],
    ['db', {}],
    ['pull', failing('waiting')],
  ])
  t.equal(
    statusText(secrets),
    'db: ready\npull: waiting since 2026-11-26T03:00:00Z\nweb-tls: AKV_FORBIDDEN since 2026-11-26T03:00:00Z',
  )
  t.equal(statusText(new Map()), undefined)
  t.equal(
    statusText(new Map([['', failing('AKV_SYNC_ANNOTATION')]])),
    '(account): AKV_SYNC_ANNOTATION since 2026-11-26T03:00:00Z',
  )
})

const version = '0123456789abcdef'.repeat(2)
const password = { vault: 'team-a', type: 'secret', name: 'db-password', version } as const
const web = { vault: 'team-a', type: 'tls', name: 'web' } as const

t.test('below each Secret, the status lists the versions that it holds', async (t) => {
  const secrets = new Map<string, StatusEntry>([
    ['db', { objects: [password, web] }],
    ['empty', { ...failing('waiting'), objects: [] }],
    ['old', { isKept: true, objects: [password] }],
    ['unknown', {}],
    ['web-tls', { ...failing('AKV_FORBIDDEN'), objects: [web] }],
  ])
  const text = statusText(secrets) ?? ''
  t.strictSame(text.split('\n'), [
    'db: ready',
    `  [team-a:db-password@${version}, team-a:tls/web]`,
    'empty: waiting since 2026-11-26T03:00:00Z',
    '  []',
    'old: kept',
    `  [team-a:db-password@${version}]`,
    'unknown: ready',
    'web-tls: AKV_FORBIDDEN since 2026-11-26T03:00:00Z',
    '  [team-a:tls/web]',
  ])
  t.equal(Object.keys(parse(text)).length, secrets.size, 'it is valid YAML')
  const sinceMs = Date.parse('2026-11-26T03:00:00Z')
  t.strictSame(readSyncStatus(text), {
    secrets: [
      { name: 'db', state: 'ready', objects: [password, web] },
      { name: 'empty', state: 'failing', code: 'waiting', sinceMs, objects: [] },
      { name: 'old', state: 'kept', objects: [password] },
      { name: 'unknown', state: 'ready' },
      { name: 'web-tls', state: 'failing', code: 'AKV_FORBIDDEN', sinceMs, objects: [web] },
    ],
    leftOut: 0,
    isComplete: false,
  })
})

t.test(
  'controllers of earlier versions read since when each Secret has been failing',
  async (t) => {
    const text = statusText(
      new Map([
        ['db', { ...failing('AKV_NETWORK'), objects: [password] }],
        ['web', { ...failing('AKV_FORBIDDEN'), objects: [] }],
      ]),
    )
    const earlier = /^(\S{1,300}): \w{1,64} since (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/
    t.strictSame(
      text?.split('\n').flatMap((line) => earlier.exec(line)?.[1] ?? []),
      ['db', 'web'],
    )
  },
)

t.test('versions are left out before Secrets are, those of Secrets in sync first', async (t) => {
  let shortened = 0
  for (const count of [10, 40, 60, 75, 90, 120]) {
    const secrets = new Map<string, StatusEntry>(
      Array.from({ length: count }, (_, i) => [
        `secret-${String(i).padStart(32, '0')}`,
        { ...(i >= count - 5 && failing('AKV_NETWORK')), objects: [password] },
      ]),
    )
    const text = statusText(secrets) ?? ''
    t.ok(text.length <= maxStatusLength)
    const status = readSyncStatus(text)
    const listed = status.secrets.length
    const shown = status.secrets.filter(({ objects }) => objects).length
    t.equal(listed + status.leftOut, count)
    t.equal(status.isComplete, shown === count)
    if (status.isComplete) continue
    shortened++
    if (listed < count) t.equal(shown, 0)
    t.match(text, `(versions): ${listed - shown} left out`)
    t.match(
      status.secrets.slice(0, 5).map(({ state }) => state),
      Array(5).fill('failing'),
    )
    if (shown > 0) t.ok(status.secrets.slice(0, Math.min(shown, 5)).every(({ objects }) => objects))
  }
  t.ok(shortened >= 3)
})

t.test(
  'a list of objects that is too long for any status takes no place from others',
  async (t) => {
    const many = Array.from({ length: 1000 }, (_, i) => ({ ...password, name: `object-${i}` }))
    const text = statusText(
      new Map<string, StatusEntry>([
        ['a', { objects: many }],
        ['b', { objects: [password] }],
      ]),
    )
    t.equal(text, `a: ready\nb: ready\n  [team-a:db-password@${version}]\n(versions): 1 left out`)
  },
)

t.test('the status is bounded, and failing Secrets come first', async (t) => {
  const names = Array.from({ length: 1000 }, (_, i) => `${'s'.repeat(200)}-${i}`)
  const secrets = new Map(names.map((name, i) => [name, i === 999 ? failing('AKV_NETWORK') : {}]))
  const text = statusText(secrets) ?? ''
  t.ok(text.length <= maxStatusLength)
  const lines = text.split('\n')
  t.match(lines[0], /-999: AKV_NETWORK since /)
  t.equal(lines.at(-1), `(others): ${1000 - lines.length + 1} ready, 0 failing`)
})

t.test('the status says since when each Secret fails, whatever others write into it', async (t) => {
  const secrets = new Map<string, { failing?: Failing }>([
    ['db', failing('AKV_NETWORK')],
    ['ok', {}],
    ['', failing('AKV_SYNC_ANNOTATION')],
  ])
  const sinceMs = Math.floor(atMs / 1000) * 1000
  t.strictSame(
    [...failingSince(statusText(secrets), atMs)],
    [
      ['', sinceMs],
      ['db', sinceMs],
    ],
  )
  for (const status of [
    undefined,
    '',
    'db: AKV_X since 9999-01-01T00:00:00Z',
    'db: AKV_X since 2026-99-99T99:99:99Z',
    'db: AKV_X since yesterday',
    ': '.repeat(100_000),
    `${'x'.repeat(100_000)}: AKV_X since 2026-11-26T03:00:00Z`,
  ])
    t.strictSame([...failingSince(status, atMs)], [], (status ?? 'none').slice(0, 50))
})
