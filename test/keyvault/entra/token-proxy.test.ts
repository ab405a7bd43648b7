import t, { type Test } from 'tap'
import { connectTokenProxy } from '../../../keyvault/clients/connection.ts'
import { createSignIn } from '../../../keyvault/entra/sign-in.ts'
import { bindingAudience, tokenAudience } from '../../../lib/azure/token-audience.ts'
import { findServerName } from '../../../lib/identity-binding/find-server-name.ts'
import type { TokenProxy } from '../../../lib/identity-binding/token-proxy.ts'
import { issueTestAuthority } from '../../support/issue-test-authority.ts'
import { clientId, startTestEmulator, tenantId } from '../../support/servers/start-test-emulator.ts'
import { audience, bareClientId } from '../emulated-vault.ts'

const yaml = `
identities:
  - clientId: ${clientId}
    boundAccounts: ['system:serviceaccount:default:web']
  - clientId: ${bareClientId}
    federatedCredentials: [{ subject: 'system:serviceaccount:default:web' }]
vaults:
  team-a: { readers: [${clientId}] }
`
const web = { namespace: 'default', serviceAccount: 'web' }

async function start(t: Test) {
  const emulator = await startTestEmulator(t, { yaml, clusterId: '696995ccb303450001b31a18' })
  const { tokenProxy } = emulator
  if (!tokenProxy) throw new Error('no token proxy')
  const known: TokenProxy = {
    url: tokenProxy.url,
    serverName: tokenProxy.serverName,
    ca: tokenProxy.caPem,
  }
  return { emulator, tokenProxy, known }
}

type Started = Awaited<ReturnType<typeof start>>

/** Signs in by the token proxy. The authority is Entra's own, which no request may reach. */
async function signIn(
  t: Test,
  { emulator, known }: Started,
  more: {
    readonly proxy?: Partial<TokenProxy>
    readonly clientId?: string
    readonly account?: string
    readonly audience?: string
  } = {},
) {
  const assertion = await emulator.serviceAccountToken({
    ...web,
    ...(more.account && { serviceAccount: more.account }),
    audience: more.audience ?? bindingAudience,
  })
  const exchange = connectTokenProxy({ ...known, ...more.proxy })
  t.teardown(() => exchange.agent.destroy())
  const { token } = createSignIn({
    ...exchange,
    authorityHost: 'https://login.microsoftonline.com',
    audience,
    clientId: more.clientId ?? clientId,
    tenantId,
    readAssertion: () => assertion,
    now: Date.now,
  })
  return await token()
}

t.test('a token is exchanged at the token proxy, and Entra isn’t asked', async (t) => {
  const started = await start(t)
  const token = await signIn(t, started)
  t.match(JSON.parse(String(Buffer.from(token.split('.')[1] ?? '', 'base64url'))), {
    appid: clientId,
    aud: audience,
  })
  const { requests } = started.tokenProxy
  t.match(requests, [{ method: 'POST', path: `/${tenantId}/oauth2/v2.0/token`, status: 200 }])
  t.equal(requests.length, 1)
})

t.test('the server name is found in the certificate of the API server', async (t) => {
  const { known, tokenProxy } = await start(t)
  const { signal } = new AbortController()
  t.equal(await findServerName(known, signal), tokenProxy.serverName)
  const { certificatePem: ca } = await issueTestAuthority()
  await t.rejects(findServerName({ ...known, ca }, signal), {
    message: new RegExp(`^${known.url} could not be asked for its certificate: .*certificate`),
  })
  await t.rejects(findServerName({ ...known, url: 'https://127.0.0.1:1' }, signal), {
    message: /^https:\/\/127\.0\.0\.1:1 could not be asked for its certificate: .*ECONNREFUSED/,
  })
})

t.test('a cluster without the name is told by the names that it has', async (t) => {
  const emulator = await startTestEmulator(t, { yaml })
  await t.rejects(
    findServerName({ url: emulator.url, ca: emulator.caPem }, new AbortController().signal),
    {
      message: /has no DNS name hcp-kubernetes\.ID\.svc\.cluster\.local, only localhost/,
    },
  )
})

t.test('each failure has its code and a sentence', async (t) => {
  const started = await start(t)
  const { certificatePem: otherCa } = await issueTestAuthority()
  const failures = [
    {
      case: 'another server name',
      proxy: { serverName: 'aother.ests.aks' },
      code: 'AKV_BINDING_SERVER_NAME',
      message: /ALTNAME_INVALID/,
    },
    {
      case: 'another authority',
      proxy: { ca: otherCa },
      code: 'AKV_BINDING_CA',
      message: /certificate of the API server's token proxy at https/,
    },
    {
      case: 'an account without the right',
      account: 'other',
      code: 'AKV_BINDING_FORBIDDEN',
      message: new RegExp(`resources \\[${clientId}\\] and verbs \\[use-managed-identity\\]`),
    },
    {
      case: 'no binding',
      clientId: bareClientId,
      code: 'AKV_BINDING_NOT_FOUND',
      message: /no identity binding for this identity/,
    },
    {
      case: 'a token for Entra',
      audience: tokenAudience,
      code: 'AKV_TOKEN_AUDIENCE',
      message: /audience is api:\/\/AzureADTokenExchange, but the cluster's token proxy/,
    },
    {
      case: 'a token for nobody',
      audience: 'other',
      code: 'AKV_BINDING_REFUSED',
      message: /refused the token, which has .*audience "other".*HTTP 401/,
    },
    {
      case: 'nobody listens',
      proxy: { url: 'https://127.0.0.1:1' },
      code: 'AKV_NETWORK',
      message: /token proxy at https:\/\/127\.0\.0\.1:1 could not be reached/,
    },
  ]
  for (const { case: name, code, message, ...more } of failures)
    await t.rejects(signIn(t, started, more), { code, message }, name)
})

t.test('what is wrong with its answers has a code, and none repeats the token', async (t) => {
  const started = await start(t)
  const { emulator } = started
  const answers = [
    [{ kind: 'throttle', retryAfterSeconds: 9 }, 'AKV_ENTRA_UNAVAILABLE'],
    [{ kind: 'status', status: 500 }, 'AKV_ENTRA_UNAVAILABLE'],
    [{ kind: 'challenge', header: 'Bearer' }, 'AKV_BINDING_REFUSED'],
    [{ kind: 'redirect', location: 'https://elsewhere.example' }, 'AKV_REDIRECTED'],
    [{ kind: 'malformed' }, 'AKV_BAD_ANSWER'],
    [{ kind: 'malformed', body: '{"kind":"APIVersions"}' }, 'AKV_BAD_ANSWER'],
    [{ kind: 'reset' }, 'AKV_NETWORK'],
    [{ kind: 'entra', code: 700016 }, 'AKV_APP_NOT_FOUND'],
  ] as const
  for (const [action, code] of answers) {
    emulator.addFault({ count: 1, action })
    const error = await signIn(t, started).catch((error: Error) => error)
    t.match(error, { code }, JSON.stringify(action))
    t.notMatch(String(error), /eyJ/)
  }
  t.ok(await signIn(t, started), 'afterwards, it works')
})
