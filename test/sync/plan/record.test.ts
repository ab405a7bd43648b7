import t from 'tap'
import { planSecret } from '../../../sync/plan/plan-secret.ts'
import { desiredRecord, recordedNames } from '../../../sync/plan/record.ts'
import { isRecordName, recordName } from '../../../sync/record-name.ts'
import { carryOut, createdSecret, type SecretJson, stored } from '../harness/secret-model.ts'

const account = { namespace: 'shop', name: 'web', uid: 'uid-1' }

function recordOf(names: readonly string[]): SecretJson {
  const step = planSecret({ account, desired: desiredRecord(account, names) })
  if (step.kind !== 'create') throw new Error(step.kind)
  return createdSecret(step.secret)
}

t.test(
  'a record contains only names, and belongs to the account like its other Secrets',
  async (t) => {
    const record = recordOf(['db', 'a', 'db'])
    t.match(record, {
      metadata: { name: 'akv-injector-sync-web', annotations: {} },
      type: 'akv-injector.io/sync-record',
      data: { secrets: Buffer.from('a\ndb').toString('base64') },
    })
    t.strictSame([...recordedNames(account, stored(record))], ['a', 'db'])
    t.equal(recordName(account), 'akv-injector-sync-web')
    t.ok(isRecordName('akv-injector-sync-'))
  },
)

t.test('the record is deleted with its last name', async (t) => {
  const record = recordOf(['db'])
  const step = planSecret({ account, desired: desiredRecord(account, []), stored: stored(record) })
  t.match(step, { kind: 'delete', reason: 'unwanted' })
  t.equal(carryOut(step, record), undefined)
})

t.test('records of other accounts and invalid names are ignored', async (t) => {
  t.strictSame([...recordedNames(account, undefined)], [])
  t.strictSame([...recordedNames({ ...account, uid: 'uid-2' }, stored(recordOf(['db'])))], [])
  const record = recordOf(['db'])
  record.data['secrets'] = Buffer.from('ok\n../x\n\nakv-injector-sync-api\nA\n').toString('base64')
  t.strictSame([...recordedNames(account, stored(record))], ['ok'])
  record.data = {}
  t.strictSame([...recordedNames(account, stored(record))], [])
})

t.test('a record with too many names is read only up to a bound', async (t) => {
  const record = recordOf(['db'])
  const names = Array.from({ length: 100_000 }, (_, i) => `s${i}`)
  record.data['secrets'] = Buffer.from(names.join('\n')).toString('base64')
  t.strictSame([...recordedNames(account, stored(record))], names.slice(0, 2000))
})
