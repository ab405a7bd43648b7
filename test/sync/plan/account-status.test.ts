import t from 'tap'
import {
  type Failing,
  failingSince,
  maxStatusLength,
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
