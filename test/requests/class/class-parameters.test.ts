import t from 'tap'
import { readClassParameters } from '../../../requests/class/class-parameters.ts'
import { parameters } from '../../webhook/core/csi/example.ts'

const a = '44444444-4444-4444-4444-444444444444'
const b = '55555555-5555-5555-5555-555555555555'
const read = (changes: Readonly<Record<string, unknown>>) =>
  readClassParameters({ ...parameters, ...changes }, 'public')

t.test('tenantID comes before tenantId', async (t) => {
  t.equal(read({ tenantID: a, tenantId: b }).tenantId, a)
  t.equal(read({ tenantID: '', tenantId: b }).tenantId, b)
})

t.test('clientID comes before userAssignedIdentityID', async (t) => {
  t.equal(read({ clientID: a, userAssignedIdentityID: b }).clientId, a)
  t.equal(read({ clientID: ' ', userAssignedIdentityID: b }).clientId, b)
})
