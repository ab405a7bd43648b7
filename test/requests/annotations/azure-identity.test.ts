import t from 'tap'
import { annotationPath } from '../../../lib/problems/problem.ts'
import { readAzureIdentity } from '../../../requests/annotations/azure-identity.ts'

const clientKey = 'azure.workload.identity/client-id'
const tenantKey = 'azure.workload.identity/tenant-id'
const id = '0000000A-0000-0000-0000-000000000000'

t.test('an account names a client and a tenant', async (t) => {
  t.strictSame(readAzureIdentity({ [clientKey]: id, [tenantKey]: id, other: 'x' }), {
    identity: { clientId: id.toLowerCase(), tenantId: id.toLowerCase() },
    problems: [],
  })
})

t.test('an annotation that is absent or empty names nothing', async (t) => {
  const nothing = { identity: {}, problems: [] }
  for (const annotations of [{}, { [clientKey]: '' }, { [clientKey]: null }])
    t.strictSame(readAzureIdentity(annotations), nothing)
  t.strictSame(readAzureIdentity({ [clientKey]: 'x' }, ['tenantId']), nothing, 'it is not read')
})

t.test('any other value is a problem', async (t) => {
  for (const [value, found] of [
    ['web', 'web'],
    [` ${id}`, ` ${id}`],
    ['\u202e', '\\u{202e}'],
    [7, '7'],
    [{ toString: 1 }, '{…}'],
  ]) {
    const { identity, problems } = readAzureIdentity({ [clientKey]: value })
    t.strictSame(identity, {})
    t.match(problems, [{ path: annotationPath(clientKey), found, sentence: /expected a UUID/ }])
  }
})
