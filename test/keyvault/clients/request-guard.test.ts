import { gzipSync } from 'node:zlib'
import { SecretClient } from '@azure/keyvault-secrets'
import t from 'tap'
import {
  type GuardOptions,
  RequestFailure,
  requestGuard,
} from '../../../keyvault/clients/request-guard.ts'
import { issueTestAuthority } from '../../support/issue-test-authority.ts'
import { type HttpsServer, startHttpsServer } from '../../support/servers/start-https-server.ts'
import { connectTo } from '../emulated-vault.ts'

type Tap = Parameters<typeof connectTo>[0]

/** The SDK itself, with nothing but the guard between it and the host. */
function clientOf(t: Tap, host: HttpsServer, options: Partial<GuardOptions> = {}): SecretClient {
  const refuse = { getToken: () => Promise.reject(new Error('asked for a token')) }
  return new SecretClient(host.url, refuse, {
    retryOptions: { maxRetries: 0 },
    agent: connectTo(t, host.caPem),
    additionalPolicies: [
      requestGuard({ base: host.url, token: async () => 'the-token', ...options }),
    ],
  })
}

async function failureOf(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  return error instanceof RequestFailure ? error.failure : error
}

t.test('a host that drips is given up after the time for one try', async (t) => {
  const host = await startHttpsServer(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{')
    const drip = setInterval(() => response.write(' '), 10)
    response.on('close', () => clearInterval(drip))
  })
  const failure = await failureOf(clientOf(t, host, { timeoutMs: 100 }).getSecret('a'))
  t.strictSame(failure, { kind: 'timeout', timeoutMs: 100 })
})

t.test('a request that never gets an answer is aborted', async (t) => {
  const host = await startHttpsServer(t, () => undefined)
  const failure = await failureOf(clientOf(t, host, { timeoutMs: 100 }).getSecret('a'))
  t.strictSame(failure, { kind: 'timeout', timeoutMs: 100 })
})

t.test('each request that was sent ends with an outcome', async (t) => {
  let status = 200
  const host = await startHttpsServer(t, (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.write('{"value":"x",')
    setTimeout(() => response.end('"id":"https://v/secrets/a/1"}'), 20)
  })
  const outcomes: string[] = []
  const onSend = () => (outcome: string) => outcomes.push(outcome)
  const client = clientOf(t, host, { onSend })
  await client.getSecret('a')
  status = 429
  await failureOf(client.getSecret('a'))
  const elsewhere = clientOf(t, host, { onSend, base: 'https://other.example' })
  await failureOf(elsewhere.getSecret('a'))
  t.strictSame(outcomes, ['ok', 'failed'], 'what isn’t sent has none')
  const silent = await startHttpsServer(t, () => undefined)
  await failureOf(clientOf(t, silent, { onSend, timeoutMs: 100 }).getSecret('a'))
  t.strictSame(outcomes, ['ok', 'failed', 'failed'])
  const abort = new AbortController()
  const aborted = clientOf(t, silent, {
    onSend: () => {
      setImmediate(() => abort.abort())
      return onSend()
    },
  })
  await failureOf(aborted.getSecret('a', { abortSignal: abort.signal }))
  t.strictSame(outcomes, ['ok', 'failed', 'failed'], 'what its caller aborts has none')
})

t.test('each turn in which a large answer is read is noticed, however it ends', async (t) => {
  for (const [bytes, isNoticed] of [
    [100_000, false],
    [500_000, true],
    [2_000_000, true],
  ] as const) {
    const host = await startHttpsServer(t, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(`{"value":"${'x'.repeat(bytes)}","id":"https://v/secrets/a/1"}`)
    })
    let turns = 0
    await failureOf(clientOf(t, host, { onLargeAnswer: () => turns++ }).getSecret('a'))
    t.equal(turns > 0, isNoticed, `${bytes} bytes`)
  }
})

t.test('an answer is read up to 1 MiB, packed or not', async (t) => {
  const big = Buffer.from(`{"value":"${'x'.repeat(3 * 1024 * 1024)}","id":"https://v/secrets/a/1"}`)
  const plain = await startHttpsServer(t, (_request, response) => {
    response.setHeader('content-type', 'application/json').end(big)
  })
  const packed = await startHttpsServer(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
    response.end(gzipSync(big))
  })
  for (const host of [plain, packed])
    t.match(await failureOf(clientOf(t, host).getSecret('a')), { kind: 'too-large' })
})

t.test('a body cut off in the middle is a network failure', async (t) => {
  const host = await startHttpsServer(t, (_request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{', () => response.destroy())
  })
  t.match(await failureOf(clientOf(t, host).getSecret('a')), { kind: 'network' })
})

t.test('a certificate that is not trusted is told by its code', async (t) => {
  const host = await startHttpsServer(t, (_request, response) => response.end('{}'))
  const { certificatePem: caPem } = await issueTestAuthority()
  const failure = await failureOf(clientOf(t, { ...host, caPem }).getSecret('a'))
  t.match(failure, { kind: 'network', code: /^(UNABLE_TO|SELF_SIGNED)/ })
  t.equal(host.requests.length, 0)
})

t.test('the client sends requests and tokens to its own vault only', async (t) => {
  const host = await startHttpsServer(t, (_request, response) => response.end('{}'))
  const bases = [
    'https://other.example',
    `${host.url}/team-a`,
    host.url.replace('https://', 'https://user@'),
    host.url.replace('localhost', 'localhost.'),
  ]
  for (const base of bases) {
    let asked = 0
    const token = async () => `token-${++asked}`
    const failure = await failureOf(clientOf(t, host, { base, token }).getSecret('a'))
    t.match(failure, { kind: 'elsewhere' }, base)
    t.equal(asked, 0)
  }
  t.equal(host.requests.length, 0)
})
