import t from 'tap'
import { render, withoutHelm } from '../../manifests/helm.ts'
import { readRendered } from '../../manifests/rendered.ts'
import { until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { accountsIn, deniedBy, openSyncAccount } from './harness/sync-account.ts'

/** Tests for which audiences the sync controller gets tokens if the administrator has turned identity bindings on. */
if (withoutHelm) {
  t.plan(0, withoutHelm)
  process.exit()
}
const { cluster, controller, namespaces } = await openSyncAccount(t)
const issuer = await cluster.issuer()
const [entra, binding] = ['api://AzureADTokenExchange', 'api://AKSIdentityBinding']

const ask = (audiences: readonly string[], expirationSeconds = 600) =>
  controller.call({
    method: 'POST',
    path: `${accountsIn(namespaces.teamA)}/web/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences, expirationSeconds },
    },
  })

t.before(async () => {
  const { text } = render({
    values: { sync: { enabled: true }, identityBinding: { enabled: true } },
    only: ['templates/sync/policy.yaml'],
  })
  const policy = readRendered(text).find('ValidatingAdmissionPolicy', 'akv-injector-sync-tokens')
  expectSuccess(await cluster.apply(policy))
  await until(async () => (await ask([binding])).status === 201)
})

for (const audience of [entra, binding])
  t.test(`the sync controller gets a token for ${audience} alone`, async (t) => {
    const { status, body } = await ask([audience])
    t.equal(status, 201, body.message ?? '')
    const { token } = body['status'] as { readonly token: string }
    const claims = JSON.parse(Buffer.from(String(token.split('.')[1]), 'base64url').toString())
    t.strictSame(claims.aud, [audience])
  })

const refused: readonly (readonly string[])[] = [
  [],
  [entra, binding],
  [binding, entra],
  [binding, binding],
  [binding, 'x'],
  ['api://aksidentitybinding'],
  ['https://vault.azure.net'],
  [issuer],
]
for (const audiences of refused)
  t.test(`the sync controller gets no token for ${JSON.stringify(audiences)}`, async (t) => {
    const { status, body } = await ask(audiences)
    t.equal(status, 422)
    t.match(body.message, deniedBy('tokens'))
    t.match(body.message, 'only for one audience')
  })

t.test('nor one for longer than ten minutes', async (t) => {
  t.match(await ask([binding], 601), { status: 422 })
})
