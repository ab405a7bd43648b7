import { writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { openSession } from '../../../delivery/session/session.ts'
import type { Sender } from '../../../keyvault/clients/user-agent.ts'
import { createSignIn } from '../../../keyvault/entra/sign-in.ts'
import { signInError, vaultError } from '../../../keyvault/errors/classify.ts'
import { createObjectReader } from '../../../keyvault/readers/object-reader.ts'
import { systemClock } from '../../../lib/clock.ts'
import { AkvError, combineErrors } from '../../../lib/errors/akv-error.ts'
import { version } from '../../../lib/version.ts'
import { agentConfig } from '../../init-agent/harness/pod.ts'
import { startHttpsServer } from '../../support/servers/start-https-server.ts'
import { clientId, tenantId } from '../../support/servers/start-test-emulator.ts'
import { audience, connectTo, secret, signInAt, startVault } from '../emulated-vault.ts'

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/
const id = (digit: number) => `${digit}0000000-0000-0000-0000-00000000000f`
const asked = { object: 'secret team-a:db', vault: 'team-a', principal: 'client c' }
const sent = { clientId: 'c', tenantId: 't', claims: 'issuer "i", subject "s", audience "a"' }
const refused = { kind: 'status', status: 400, retryAfterMs: undefined } as const

const failureOf = async (attempt: Promise<unknown>): Promise<AkvError> => {
  const error = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (error instanceof AkvError) return error
  throw new Error(`not an AkvError: ${error}`)
}

t.test(
  'the error of a refused read has the vault’s ID and ours, which each request has anew',
  async (t) => {
    const emulator = await startVault(t)
    const signIn = await signInAt(t, emulator)
    const { read } = createObjectReader({
      vaultUrl: emulator.vaultUrl,
      agent: connectTo(t, emulator.caPem),
      token: signIn.token,
      principal: signIn.principal,
    })
    const failures = [
      await failureOf(read(secret('missing'))),
      await failureOf(read(secret('missing'))),
    ]
    for (const { azureIds, message } of failures) {
      t.match(azureIds, { requestId: uuid, clientRequestId: uuid })
      t.notMatch(message, azureIds?.requestId ?? 'none', 'the same message each time')
    }
    const ids = failures.flatMap(({ azureIds }) => Object.values(azureIds ?? {}))
    t.equal(new Set(ids).size, 4)
  },
)

t.test('the error of a refused sign-in has the IDs and the time of Entra', async (t) => {
  const emulator = await startVault(t)
  emulator.addFault({ action: { kind: 'entra', code: 70021 } })
  const { azureIds } = await failureOf((await signInAt(t, emulator)).token())
  t.match(azureIds, {
    traceId: uuid,
    correlationId: uuid,
    timestamp: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/,
  })
})

t.test('nothing of another form is taken over', async (t) => {
  const hostile = [
    'eyJhbGciOiJub25lIn0.e30.',
    `${id(1)}\n`,
    ` ${id(1)}`,
    `${id(1)}, ${id(2)}`,
    '2026-12-01 14:00:00Z eyJ',
    'x'.repeat(1_000_000),
    '',
    7,
    null,
    { toString: 'x' },
    [id(1)],
  ]
  for (const value of hostile) {
    const body = JSON.stringify({ trace_id: value, correlation_id: value, timestamp: value })
    t.equal(signInError({ ...refused, body }, sent).azureIds, undefined)
    if (typeof value !== 'string') continue
    const ids = { requestId: value, clientRequestId: value }
    t.equal(vaultError({ ...refused, body: '', ...ids }, asked).azureIds, undefined)
  }
  const known = { ...refused, body: JSON.stringify({ trace_id: id(1), correlation_id: 'x' }) }
  t.strictSame(signInError(known, sent).azureIds, { traceId: id(1) }, 'what is known stays')
})

t.test('combined errors keep the IDs of one request for each code', async (t) => {
  const of = (requestId: string, object: string) =>
    vaultError({ ...refused, body: '', requestId }, { ...asked, object })
  const [first, second] = [of(id(1), 'secret a:x'), of(id(2), 'secret a:y')]
  const other = new AkvError('AKV_NETWORK', 'no answer')
  const combined = combineErrors([other, first, second])
  t.strictSame(
    combined?.kinds.map(({ code, azureIds }) => [code, azureIds]),
    [
      ['AKV_BAD_REQUEST', { requestId: id(1) }],
      ['AKV_NETWORK', undefined],
    ],
  )
})

t.test('the logs of Azure show which program asked, and nothing of the pod', async (t) => {
  const seen: IncomingMessage['headers'][] = []
  const host = await startHttpsServer(t, (request, response) => {
    seen.push(request.headers)
    response.writeHead(503).end()
  })
  const agent = connectTo(t, host.caPem)
  for (const program of [
    'agent',
    'sync',
    'fetch',
  ] as const satisfies readonly Sender['program'][]) {
    seen.length = 0
    const { read } = createObjectReader({
      vaultUrl: `${host.url}/{vault}`,
      agent,
      token: async () => 'the-token',
      principal: `client ${clientId}`,
      program,
    })
    const signIn = createSignIn({
      authorityHost: host.url,
      audience,
      clientId,
      tenantId,
      readAssertion: () => 'e30.e30.e30',
      agent,
      now: Date.now,
      program,
    })
    const types = ['secret', 'key', 'cert'] as const
    for (const type of types) await failureOf(read({ vault: 'team-a', type, name: 'a' }))
    await failureOf(signIn.token())
    t.equal(seen.length, types.length + 1)
    for (const headers of seen) {
      t.ok(headers['user-agent']?.startsWith(`akv-injector/${version} (${program}) azsdk-js-`))
      t.match(headers['x-ms-client-request-id'], uuid)
    }
  }
})

t.test('by a setting, they show the pod that the token is bound to', async (t) => {
  const seen = new Set<string | undefined>()
  const host = await startHttpsServer(t, (request, response) => {
    seen.add(request.headers['user-agent']?.replace(/ azsdk-js-.*/s, ''))
    response.writeHead(503).end()
  })
  const tokenFile = join(t.testdir(), 'token')
  const sendersOf = async (claims: unknown, more: { readonly namesPod?: true }) => {
    seen.clear()
    const payload = Buffer.from(JSON.stringify({ 'kubernetes.io': claims })).toString('base64url')
    writeFileSync(tokenFile, `e30.${payload}.e30`)
    const config = agentConfig({
      identity: { clientId, tenantId },
      cloud: {
        authorityHost: host.url,
        vaultUrl: `${host.url}/{vault}`,
        audience,
        ca: host.caPem,
      },
      ...more,
    })
    const session = openSession({
      config,
      credential: { tokenFile },
      env: {},
      clock: systemClock,
      heldToken: { value: 'the-token', expiresAtMs: Date.now() + 3_600_000 },
      program: 'agent',
    })
    await failureOf(session.reader.read(secret('db')))
    session.signIn.forget()
    await failureOf(session.signIn.token())
    return [...seen]
  }
  const anonymous = [`akv-injector/${version} (agent)`]
  const web = { namespace: 'shop', pod: { name: 'web-0.x', uid: '1' } }
  t.strictSame(await sendersOf(web, { namesPod: true }), [
    `akv-injector/${version} (agent; shop/web-0.x)`,
  ])
  t.strictSame(await sendersOf(web, {}), anonymous)
  const hostile = ['', 'a\r\nX: y', 'a)', 'A', 'ä', 'x'.repeat(300), 7, null, undefined]
  for (const name of hostile) {
    const claims = [
      { namespace: 'shop', pod: { name } },
      { namespace: name, pod: { name: 'web-0' } },
    ]
    for (const claim of claims) t.strictSame(await sendersOf(claim, { namesPod: true }), anonymous)
  }
  t.strictSame(await sendersOf('shop', { namesPod: true }), anonymous)
})
