import t from 'tap'
import { isRecordName, recordName } from '../../../requests/account/record-name.ts'
import { planSecret } from '../../../sync/plan/plan-secret.ts'
import { desiredRecord, readRecord } from '../../../sync/plan/record.ts'
import { carryOut, createdSecret, type SecretJson, stored } from '../harness/secret-model.ts'

const account = { namespace: 'shop', name: 'web', uid: 'uid-1' }

function recordOf(names: readonly string[]): SecretJson {
  const recorded = new Map(names.map((name) => [name, {}]))
  const step = planSecret({ account, desired: desiredRecord(account, recorded) })
  if (step.kind !== 'create') throw new Error(step.kind)
  return createdSecret(step.secret)
}

t.test(
  'a record contains only names, and belongs to the account like its other Secrets',
  async (t) => {
    const record = recordOf(['db', 'a', 'db'])
    t.match(record, {
      metadata: { name: 'akv-injector-sync-web' },
      type: 'akv-injector.io/sync-record',
      data: { secrets: Buffer.from('a\ndb').toString('base64') },
    })
    t.strictSame(record.metadata.annotations, {})
    t.strictSame([...readRecord(account, stored(record)).keys()], ['a', 'db'])
    t.equal(recordName(account), 'akv-injector-sync-web')
    t.ok(isRecordName('akv-injector-sync-'))
  },
)

t.test('the record is deleted with its last name', async (t) => {
  const record = recordOf(['db'])
  const step = planSecret({
    account,
    desired: desiredRecord(account, new Map()),
    stored: stored(record),
  })
  t.match(step, { kind: 'delete', reason: 'unwanted' })
  t.equal(carryOut(step, record), undefined)
})

t.test('records of other accounts and invalid names are ignored', async (t) => {
  t.strictSame([...readRecord(account, undefined).keys()], [])
  t.strictSame([...readRecord({ ...account, uid: 'uid-2' }, stored(recordOf(['db']))).keys()], [])
  const record = recordOf(['db'])
  record.data['secrets'] = Buffer.from('ok\n../x\n\nakv-injector-sync-api\nA\n').toString('base64')
  t.strictSame([...readRecord(account, stored(record)).keys()], ['ok'])
  record.data = {}
  t.strictSame([...readRecord(account, stored(record)).keys()], [])
})

t.test('a record with too many names is read only up to a bound', async (t) => {
  const record = recordOf(['db'])
  const names = Array.from({ length: 100_000 }, (_, i) => `s${i}`)
  record.data['secrets'] = Buffer.from(names.join('\n')).toString('base64')
  t.strictSame([...readRecord(account, stored(record)).keys()], names.slice(0, 2000))
})

t.test('a record says from which class a Secret comes, and whether it is held', async (t) => {
  const kv = { kind: 'SecretProviderClass', name: 'kv' } as const
  const recorded = new Map([
    ['a', {}],
    ['b', { source: kv }],
    ['c', { source: kv, isHeld: true as const }],
  ])
  const step = planSecret({ account, desired: desiredRecord(account, recorded) })
  if (step.kind !== 'create') throw new Error(step.kind)
  const record = createdSecret(step.secret)
  t.equal(
    Buffer.from(record.data['secrets'] ?? '', 'base64').toString(),
    'a\nb SecretProviderClass/kv\nc SecretProviderClass/kv held',
  )
  t.strictSame(readRecord(account, stored(record)), recorded)
  const wrong = [
    'x Pod/kv',
    'x SecretProviderClass/../kv',
    'x SecretProviderClass/kv kept',
    'x SecretProviderClass/kv held more',
    'x __proto__/kv',
  ]
  record.data['secrets'] = Buffer.from(wrong.join('\n')).toString('base64')
  t.strictSame([...readRecord(account, stored(record))], [])
})
