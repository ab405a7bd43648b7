import { Agent } from 'node:https'
import t from 'tap'
import { createSignIn } from '../../../keyvault/entra/sign-in.ts'
import { issueTestAuthority } from '../../support/issue-test-authority.ts'
import { startHttpsServer } from '../../support/servers/start-https-server.ts'
import { clientId, tenantId } from '../../support/servers/start-test-emulator.ts'
import { audience, bareClientId, connectTo, signInAt, startVault } from '../emulated-vault.ts'

const assertion = `e30.${Buffer.from('{"iss":"i","sub":"s","aud":"a"}').toString('base64url')}.c2ln`

t.test('a token is asked for once, however many want it at the same time', async (t) => {
  const emulator = await startVault(t)
  const signIn = await signInAt(t, emulator)
  const tokens = await Promise.all([signIn.token(), signIn.token(), signIn.token()])
  t.equal(new Set([...tokens, await signIn.token()]).size, 1)
  t.equal(emulator.requests.filter(({ method }) => method === 'POST').length, 1)
})

t.test('a forgotten token is replaced', async (t) => {
  const emulator = await startVault(t)
  const signIn = await signInAt(t, emulator)
  await signIn.token()
  signIn.forget()
  await signIn.token()
  t.equal(emulator.requests.filter(({ method }) => method === 'POST').length, 2)
})

t.test('a token near its end is renewed, and serves on while Entra fails', async (t) => {
  const emulator = await startVault(t, { tokenLifetimeSeconds: 3600 })
  let nowMs = Date.now()
  const signIn = await signInAt(t, emulator, { now: () => nowMs })
  const first = await signIn.token()
  nowMs += 3400 * 1000
  emulator.addFault({ match: { service: 'entra' }, action: { kind: 'status', status: 503 } })
  t.equal(await signIn.token(), first, 'as Entra is down')
  nowMs += 195 * 1000
  await t.rejects(signIn.token(), { code: 'AKV_ENTRA_UNAVAILABLE' }, 'but not to its very end')
  emulator.clearFaults()
  t.ok(await signIn.token(), 'and one failure is not remembered against the next try')
})

t.test('each refusal of Entra has its code, and the next try is a new one', async (t) => {
  const emulator = await startVault(t)
  const signIn = await signInAt(t, emulator)
  const codes: [number, string][] = [
    [70021, 'AKV_FEDERATION_MISMATCH'],
    [70025, 'AKV_FEDERATION_MISMATCH'],
    [700211, 'AKV_FEDERATION_MISMATCH'],
    [700212, 'AKV_FEDERATION_MISMATCH'],
    [700213, 'AKV_FEDERATION_MISMATCH'],
    [7002138, 'AKV_FEDERATION_MISMATCH'],
    [50166, 'AKV_ISSUER_KEYS'],
    [700027, 'AKV_ISSUER_KEYS'],
    [7000272, 'AKV_ISSUER_KEYS'],
    [700016, 'AKV_APP_NOT_FOUND'],
    [700024, 'AKV_ASSERTION_EXPIRED'],
    [90002, 'AKV_TENANT_NOT_FOUND'],
  ]
  for (const [code, name] of codes) {
    emulator.addFault({ count: 1, action: { kind: 'entra', code } })
    await t.rejects(signIn.token(), { code: name, message: `AADSTS${code}` }, String(code))
  }
  emulator.addFault({ count: 1, action: { kind: 'throttle', retryAfterSeconds: 9 } })
  await t.rejects(signIn.token(), { code: 'AKV_ENTRA_UNAVAILABLE', retryAfterMs: 9000 })
  t.ok(await signIn.token())
})

t.test('a wrong subject is shown, with issuer and audience', async (t) => {
  const emulator = await startVault(t)
  const other = await emulator.serviceAccountToken({
    namespace: 'default',
    serviceAccount: 'other',
  })
  const signIn = await signInAt(t, emulator, { readAssertion: () => other })
  const error = await signIn.token().catch((error: Error) => error)
  t.match(error, { code: 'AKV_FEDERATION_MISMATCH' })
  t.match(String(error), 'subject "system:serviceaccount:default:other"')
  t.match(String(error), 'audience "api://AzureADTokenExchange"')
  t.notMatch(String(error), other.split('.')[2] ?? 'no signature')
})

t.test(
  'an identity without any federated credential is a mismatch that shows the token',
  async (t) => {
    const emulator = await startVault(t)
    const signIn = await signInAt(t, emulator, { clientId: bareClientId })
    const error = await signIn.token().catch((error: Error) => error)
    t.match(error, { code: 'AKV_FEDERATION_MISMATCH', message: /AADSTS70025/ })
    t.match(String(error), 'issuer "')
    t.match(String(error), 'subject "system:serviceaccount:default:web"')
    t.match(String(error), 'audience "api://AzureADTokenExchange"')
  },
)

t.test('an unknown tenant or client is told apart', async (t) => {
  const emulator = await startVault(t)
  const nobody = '33333333-3333-3333-3333-333333333333'
  const inTenant = await signInAt(t, emulator, { tenantId: nobody })
  await t.rejects(inTenant.token(), { code: 'AKV_TENANT_NOT_FOUND' })
  const asClient = await signInAt(t, emulator, { clientId: nobody })
  await t.rejects(asClient.token(), { code: 'AKV_APP_NOT_FOUND' })
})

t.test('the assertion is read anew for each exchange', async (t) => {
  const emulator = await startVault(t)
  const good = await emulator.serviceAccountToken({ namespace: 'default', serviceAccount: 'web' })
  const assertions = [assertion, good]
  const signIn = await signInAt(t, emulator, { readAssertion: () => assertions.shift() ?? '' })
  await t.rejects(signIn.token(), { name: 'AkvError' })
  t.ok(await signIn.token())
})

t.test('a redirecting or lying authority gets no assertion sent on', async (t) => {
  const target = await startHttpsServer(t, (_request, response) => response.end('{}'))
  const redirecting = await startHttpsServer(t, (_request, response) => {
    response.writeHead(307, { location: target.url }).end()
  })
  const lying = await startHttpsServer(t, (request, response) => {
    const issuer = `https://${request.headers.host}/${tenantId}/v2.0`
    const end = `${target.url}/${tenantId}/oauth2/v2.0/token`
    const metadata = {
      issuer,
      token_endpoint: end,
      authorization_endpoint: end,
      jwks_uri: `${target.url}/keys`,
    }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(metadata))
  })
  const answers = ['', 'null', '[]', '{}', '{"access_token":7}', '<html>']
  const garbage = await Promise.all(
    answers.map((answer) => startHttpsServer(t, (_request, response) => response.end(answer))),
  )
  for (const host of [redirecting, lying, ...garbage]) {
    const signIn = createSignIn({
      authorityHost: host.url,
      audience,
      clientId,
      tenantId,
      readAssertion: () => assertion,
      agent: connectTo(t, host.caPem + target.caPem),
      now: Date.now,
    })
    const code = host === redirecting || host === lying ? 'AKV_REDIRECTED' : 'AKV_BAD_ANSWER'
    await t.rejects(signIn.token(), { code })
  }
  t.equal(target.requests.length, 0)
})

t.test('in every cloud the administrator’s authority is the only host that is asked', async (t) => {
  const hosts = [
    'login.microsoftonline.com',
    'login.microsoftonline.us',
    'login.chinacloudapi.cn',
    'login.partner.microsoftonline.cn',
    'login.sovereign.example',
  ]
  for (const host of hosts) {
    const asked: unknown[] = []
    const agent = new Agent()
    agent.createConnection = (options) => {
      asked.push(options?.host)
      throw Object.assign(new Error('no network in tests'), { code: 'ECONNREFUSED' })
    }
    const signIn = createSignIn({
      authorityHost: `https://${host}`,
      audience,
      clientId,
      tenantId,
      readAssertion: () => assertion,
      agent,
      now: Date.now,
    })
    await t.rejects(signIn.token(), { code: 'AKV_NETWORK' }, host)
    t.strictSame(new Set(asked), new Set([host]))
  }
})

t.test('in China, tokens come from either name, although the issuer has only one', async (t) => {
  for (const name of ['login.chinacloudapi.cn', 'login.partner.microsoftonline.cn']) {
    const paths: string[] = []
    const server = await startHttpsServer(
      t,
      (request, response) => {
        const { pathname } = new URL(request.url ?? '', `https://${request.headers.host}`)
        paths.push(`${request.headers.host}${pathname}`)
        const answer = pathname.endsWith('/token')
          ? { token_type: 'Bearer', access_token: 'of-china', expires_in: 3600 }
          : {
              issuer: `https://login.partner.microsoftonline.cn/${tenantId}/v2.0`,
              authorization_endpoint: `https://${name}/${tenantId}/oauth2/v2.0/authorize`,
              token_endpoint: `https://${name}/${tenantId}/oauth2/v2.0/token`,
              jwks_uri: `https://${name}/${tenantId}/discovery/v2.0/keys`,
            }
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
      },
      { authority: await issueTestAuthority(), dnsNames: [name] },
    )
    const agent = new Agent({ ca: server.caPem })
    const connect = agent.createConnection.bind(agent)
    agent.createConnection = (options, done) =>
      connect(
        { ...options, host: '127.0.0.1', port: new URL(server.url).port, servername: name },
        done,
      )
    const signIn = createSignIn({
      authorityHost: `https://${name}`,
      audience: 'https://vault.azure.cn',
      clientId,
      tenantId,
      readAssertion: () => assertion,
      agent,
      now: Date.now,
    })
    t.equal(await signIn.token(), 'of-china', name)
    t.equal(paths.at(-1), `${name}/${tenantId}/oauth2/v2.0/token`)
    t.ok(paths.every((path) => path.startsWith(`${name}/`)))
  }
})

t.test('no AZURE_ variable changes where the agent signs in', async (t) => {
  const emulator = await startVault(t)
  t.intercept(process, 'env', {
    value: {
      ...process.env,
      AZURE_AUTHORITY_HOST: 'https://evil.example',
      AZURE_TENANT_ID: 'evil',
      AZURE_CLIENT_ID: 'evil',
    },
  })
  const signIn = await signInAt(t, emulator)
  t.ok(await signIn.token())
})
