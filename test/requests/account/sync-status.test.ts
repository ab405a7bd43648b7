import fc from 'fast-check'
import t from 'tap'
import { isSecretLine, readSyncStatus } from '../../../requests/account/sync-status.ts'
import { isReached } from '../../support/property-runs.ts'

const version = '0123456789abcdef'.repeat(2)
const password = { vault: 'team-a', type: 'secret', name: 'db-password', version }

t.test('a status is complete if it lists what each Secret holds', async (t) => {
  const db = `db: ready\n  [team-a:db-password@${version}]`
  const complete = [
    db,
    `${db}\nold: kept\n  []`,
    `${db}\nExternalSecret/bad: AKV_SYNC_SOURCE since 2026-11-26T03:00:00Z`,
  ]
  for (const text of complete) {
    const status = readSyncStatus(text)
    t.match(status.secrets, [{ name: 'db', state: 'ready', objects: [password] }], text)
    t.equal(status.isComplete, true, text)
  }
  const incomplete = [
    '',
    'db: ready',
    `${db}\nweb: AKV_NETWORK since 2026-11-26T03:00:00Z`,
    `${db}\n(account): AKV_SYNC_ANNOTATION since 2026-11-26T03:00:00Z`,
    `${db}\n(others): 3 ready, 1 failing`,
    `${db}\nweb: ready\n(versions): 1 left out`,
    `${db}\na line of a later version`,
  ]
  for (const text of incomplete) t.equal(readSyncStatus(text).isComplete, false, text)
})

t.test('Secrets that are left out are counted', async (t) => {
  t.equal(readSyncStatus('db: ready\n(others): 3 ready, 1 failing').leftOut, 4)
  t.equal(readSyncStatus('db: ready\n(others): 3 ready, 1 failing, 2 kept').leftOut, 6)
})

t.test('a line is about a Secret, a source or the account', async (t) => {
  const { secrets } = readSyncStatus(
    [
      'db: ready',
      'SecretProviderClass/kv: AKV_SYNC_SOURCE since 2026-11-26T03:00:00Z',
      '(account): AKV_SYNC_ANNOTATION since 2026-11-26T03:00:00Z',
    ].join('\n'),
  )
  t.strictSame(
    secrets.map(({ name }) => [name, isSecretLine(name)]),
    [
      ['db', true],
      ['SecretProviderClass/kv', false],
      ['', false],
    ],
  )
})

t.test(
  'what the controller would not write is skipped, and makes a status incomplete',
  async (t) => {
    const db = 'db: ready\n  []\n'
    const others = [
      'db: ready [team-a:db-password]',
      'db: AKV_X since yesterday',
      'db: AKV_X since 2026-99-99T99:99:99Z',
      '(others): many ready, 0 failing',
      '(db): ready',
      ' db: ready',
      'db:ready',
      `${'x'.repeat(301)}: ready`,
      '  [team-a:x]',
      '\u001b[31mdb: ready',
      '__proto__',
    ]
    for (const line of others) {
      const { secrets, isComplete } = readSyncStatus(db + line)
      t.strictSame(secrets, [{ name: 'db', state: 'ready', objects: [] }], line)
      t.equal(isComplete, false, line)
    }
    const lists = [
      'team-a:x@1',
      `team-a:x@${version.toUpperCase()}`,
      'team-a:x#y',
      'team-a: x',
      'team-a:X',
      'x',
      'team-a:secret/x',
      'team-a:x, ',
      'team-a:x,team-a:y',
      'https://team-a.vault.azure.net/secrets/x',
      'team-a:x|base64',
    ]
    for (const list of lists) {
      const { secrets, isComplete } = readSyncStatus(`db: ready\n  [${list}]`)
      t.strictSame(secrets, [{ name: 'db', state: 'ready' }], list)
      t.equal(isComplete, false, list)
    }
  },
)

t.test('a status of any length and content is read within its bound', async (t) => {
  let read = 0
  const line = fc.constantFrom('db: ready', '  []', '  [team-a:x]', '(others): 1 ready, 0 failing')
  t.ok(
    isReached(
      () =>
        fc.assert(
          fc.property(fc.array(fc.oneof(line, fc.string({ unit: 'binary' }))), (lines) => {
            const { secrets, leftOut } = readSyncStatus(lines.join('\n'))
            read += secrets.length
            return Number.isSafeInteger(leftOut) && secrets.every(({ name }) => name.length <= 300)
          }),
        ),
      () => read > 20,
    ),
    `${read} lines`,
  )
  for (const text of ['x: ready\n'.repeat(1e6), '  ['.repeat(1e6), ': '.repeat(1e6)]) {
    const { secrets, isComplete } = readSyncStatus(text)
    t.ok(secrets.length <= 4096 / 9 + 1)
    t.equal(isComplete, false)
  }
})
