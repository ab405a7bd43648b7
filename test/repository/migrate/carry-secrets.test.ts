import t from 'tap'
import { carrySecrets } from '../../../repository/migrate/plan/carry-secrets.ts'
import type { Source } from '../../../requests/source/source.ts'
import { policy } from '../../webhook/core/policy.ts'

const source = (more: Partial<Source> = {}): Source => ({
  ref: { kind: 'ExternalSecret', name: 'db' },
  uid: '',
  createdAtMs: 0,
  hints: {},
  schedule: { policy: 'Periodic', intervalSeconds: 3600 },
  claims: ['db'],
  secrets: [
    { name: 'db', type: 'Opaque', labels: {}, source: { kind: 'ExternalSecret', name: 'db' } },
  ],
  values: [
    {
      to: { kind: 'key', secret: 'db', key: 'password' },
      object: { vault: 'team-a', type: 'secret', name: 'db' },
    },
  ],
  problems: [],
  ...more,
})
const other = { 'akv-injector.io/sync': '- { secret: other, data: team-b:x }\n' }

function carried(from: Source, annotations: Readonly<Record<string, string>> = {}) {
  const result = carrySecrets(from, { namespace: 'shop', name: 'web', annotations }, policy)
  return result.kind === 'carried' ? result.annotations : result.reason
}

t.test('the account gets the Secret, and keeps what it has', async (t) => {
  t.strictSame(carried(source()), {
    'akv-injector.io/sync': '- secret: db\n  data: password=team-a:db\n',
  })
  const annotations = carried(source(), { note: 'x', ...other })
  t.match(annotations, { note: 'x', 'akv-injector.io/sync': /secret: other[\s\S]+secret: db/ })
})

t.test('the first Secret of an account decides how often it is refreshed', async (t) => {
  const refresh = (refreshSeconds: number, annotations = {}) => {
    const result = carried(
      source({ schedule: { policy: 'Periodic', intervalSeconds: refreshSeconds } }),
      annotations,
    )
    return typeof result === 'string' ? result : result['akv-injector.io/refresh']
  }
  t.equal(refresh(3600), undefined, 'the default')
  t.equal(refresh(300), '300s')
  t.equal(refresh(86_400), '86400s')
})

t.test('migrate sets the shortest refresh interval of an account’s Secrets', async (t) => {
  const refresh = (refreshSeconds: number, annotations = {}) => {
    const result = carried(
      source({ schedule: { policy: 'Periodic', intervalSeconds: refreshSeconds } }),
      { ...other, ...annotations },
    )
    return typeof result === 'string' ? result : result['akv-injector.io/refresh']
  }
  t.equal(refresh(86_400), undefined, 'the other Secret is refreshed each hour')
  t.equal(refresh(300), '300s')
  t.equal(refresh(300, { 'akv-injector.io/refresh': '1m' }), '1m')
  t.equal(refresh(300, { 'akv-injector.io/refresh': '10m' }), '300s')
})

t.test('an interval that the account has stays, if it is short enough', async (t) => {
  const annotations = { 'akv-injector.io/refresh': '5m' }
  t.match(carried(source(), annotations), annotations)
  t.match(carried(source({ schedule: { policy: 'Periodic', intervalSeconds: 60 } }), annotations), {
    'akv-injector.io/refresh': '60s',
  })
})

t.test('an account that is not synced, or is another identity, gets nothing', async (t) => {
  const tenantId = '33333333-3333-3333-3333-333333333333'
  t.equal(
    carried(source(), { 'akv-injector.io/inject': 'false' }),
    'ServiceAccount web is not synced',
  )
  t.equal(
    carried(source({ tenantId }), {
      'azure.workload.identity/tenant-id': '44444444-4444-4444-4444-444444444444',
    }),
    'ServiceAccount web has another tenant-id',
  )
  t.match(carried(source({ tenantId })), { 'akv-injector.io/tenant-id': tenantId })
})

t.test('a Secret that the account has already is not carried', async (t) => {
  const annotations = { 'akv-injector.io/sync': '- { secret: db, data: team-b:x }\n' }
  t.match(carried(source(), annotations), /Secret.*db/)
})
