import { mkdir, rm, writeFile } from 'node:fs/promises'
import type { RequestListener, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { inClusterAccess } from '../../../webhook/api-server/api-access.ts'
import {
  ObjectGetter,
  type ObjectRequest,
  timeIsUp,
} from '../../../webhook/api-server/get-object.ts'
import { issueTestAuthority } from '../../support/issue-test-authority.ts'
import { startHttpsServer } from '../../support/servers/start-https-server.ts'

const caller = { address: '10.0.0.1', namespace: 'shop' }
const address = { path: '/apis/x/namespaces/shop/things/kv', name: 'kv', caller }
/** Long enough for a request to be sent and to arrive, because both ends run on this thread. */
async function manyTurns(): Promise<void> {
  for (let i = 0; i < 200; i++) await turn()
}

const never = () => new AbortController().signal

/** A stand-in for the API server, and a reader with the credentials that a kubelet would mount. */
async function testReader(t: Test, answer: RequestListener) {
  const server = await startHttpsServer(t, answer)
  const folder = t.testdir()
  const mount = async (token: string, ca = server.caPem) => {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'token'), `${token}\n`)
    await writeFile(join(folder, 'ca.crt'), ca)
  }
  await mount('token-1')
  const access = inClusterAccess(
    { KUBERNETES_SERVICE_HOST: 'localhost', KUBERNETES_SERVICE_PORT: new URL(server.url).port },
    folder,
  )
  if (access.kind === 'invalid') throw new Error(access.problem)
  let nowMs = 0
  const reader = new ObjectGetter({
    access: access.value,
    elapsedMs: () => nowMs,
    takeTurn: (_caller, work) => work(),
  })
  t.teardown(() => reader.close())
  const get = async (request: ObjectRequest, signal: AbortSignal) =>
    (await reader.get(request, signal)).lookup
  const passMs = (ms: number) => {
    nowMs += ms
  }
  return {
    get,
    getWithSize: (...args: Parameters<typeof reader.get>) => reader.get(...args),
    server,
    mount,
    folder,
    passMs,
  }
}

/** A reader whose answers wait until the test gives them their turns. */
async function readerInTurns(t: Test) {
  const server = await startHttpsServer(t, (_request, response) => send(response, 200, '{}'))
  const turns: { caller: object; work: () => void }[] = []
  const reader = new ObjectGetter({
    access: {
      host: 'localhost',
      port: Number(new URL(server.url).port),
      readCredentials: async () => ({ token: 'x', ca: server.caPem }),
    },
    elapsedMs: () => 0,
    takeTurn: (asking, work) => turns.push({ caller: asking, work }),
  })
  t.teardown(() => reader.close())
  return { reader, server, turns }
}

const send = (response: ServerResponse, status: number, body: string) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(body)

t.test('an object is read with the mounted token, over one kept connection', async (t) => {
  const { get, server, mount, passMs } = await testReader(t, (request, response) =>
    send(response, 200, JSON.stringify({ token: request.headers.authorization })),
  )
  t.strictSame(await get(address, never()), {
    kind: 'found',
    object: { token: 'Bearer token-1' },
  })
  await mount('token-2')
  passMs(9_999)
  t.match(await get(address, never()), { object: { token: 'Bearer token-1' } }, 'it is kept')
  passMs(1)
  t.strictSame(
    await get(address, never()),
    { kind: 'found', object: { token: 'Bearer token-2' } },
    'the kubelet has renewed it',
  )
  t.match(server.requests, Array(3).fill({ method: 'GET', url: address.path }))
  t.equal(server.connections(), 1)
})

const secret = 'internal error: etcdserver at 10.1.2.3 \u202e'
const answers: Readonly<Record<string, readonly [number, string, object]>> = {
  'no object of this name': [
    404,
    JSON.stringify({ kind: 'Status', details: { name: 'kv' } }),
    { kind: 'absent' },
  ],
  'no such kind': [404, '404 page not found\n', { kind: 'no-kind' }],
  'no such kind, as a Status': [
    404,
    JSON.stringify({ kind: 'Status', details: {} }),
    { kind: 'no-kind' },
  ],
  forbidden: [403, JSON.stringify({ message: secret }), { kind: 'forbidden' }],
  unauthorized: [401, secret, { kind: 'failed', reason: /^the API server answered 401 / }],
  overloaded: [429, secret, { kind: 'failed', reason: /^the API server answered 429 / }],
  broken: [500, secret, { kind: 'failed', reason: /^the API server answered 500 / }],
  redirected: [302, '', { kind: 'failed', reason: /^the API server answered 302 / }],
  'not JSON': [200, secret, { kind: 'failed', reason: /something other than a JSON object$/ }],
  'not an object': [200, '[1]', { kind: 'failed', reason: /something other than a JSON object$/ }],
  'larger than 512 KiB': [
    200,
    JSON.stringify('x'.repeat(512 * 1024)),
    { kind: 'failed', reason: 'it is larger than 524288 bytes' },
  ],
  'nested deeply': [
    200,
    `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
    { kind: 'failed', reason: 'it is nested more than 64 deep' },
  ],
  'many values': [
    200,
    `[${'{},'.repeat(10_000)}1]`,
    { kind: 'failed', reason: 'it has more than 10000 values' },
  ],
}

for (const [name, [status, body, expected]] of Object.entries(answers))
  t.test(`an answer of the API server: ${name}`, async (t) => {
    const { get } = await testReader(t, (_request, response) => send(response, status, body))
    const lookup = await get(address, never())
    t.match(lookup, expected)
    t.notMatch(JSON.stringify(lookup), /etcdserver/, 'its text isn’t repeated')
  })

t.test('a kept connection that the server has just closed doesn’t fail a look-up', async (t) => {
  let count = 0
  const { get } = await testReader(t, (request, response) => {
    count++
    // As a server that restarts: the second request arrives at a connection that is already gone.
    if (count === 2) request.socket.destroy()
    else send(response, 200, '{}')
  })
  for (let i = 0; i < 2; i++) t.match(await get(address, never()), { kind: 'found' })
  t.equal(count, 3)
})

t.test('a server that cuts every connection fails a look-up, with the code only', async (t) => {
  const { get } = await testReader(t, (request) => void request.socket.destroy())
  t.strictSame(await get(address, never()), {
    kind: 'failed',
    reason: 'the API server could not be reached (ECONNRESET); try again',
  })
})

t.test('a server that another authority certified is not asked', async (t) => {
  const { get, mount, server } = await testReader(t, (_request, response) =>
    send(response, 200, '{}'),
  )
  await mount('token-1', (await issueTestAuthority()).certificatePem)
  t.match(await get(address, never()), {
    kind: 'failed',
    reason: /^the API server could not be reached \([A-Z_]+\); try again$/,
  })
  t.equal(server.requests.length, 0)
})

t.test('a token that the API server refuses is read again, once', async (t) => {
  const { get, mount, server } = await testReader(t, (request, response) =>
    request.headers.authorization === 'Bearer token-2'
      ? send(response, 200, '{}')
      : send(response, 401, ''),
  )
  const refused = { kind: 'failed', reason: /answered 401/ }
  t.match(await get(address, never()), refused)
  t.equal(server.requests.length, 1, 'the same token isn’t sent twice')
  await mount('token-2')
  const all = await Promise.all(Array.from({ length: 8 }, () => get(address, never())))
  t.strictSame(new Set(all.map(({ kind }) => kind)), new Set(['found']))
  t.match(await get(address, never()), { kind: 'found' })
})

t.test('certificates of the API server that were renewed are read again', async (t) => {
  const { get, mount } = await testReader(t, (_request, response) => send(response, 200, '{}'))
  await mount('token-1', (await issueTestAuthority()).certificatePem)
  t.match(await get(address, never()), { kind: 'failed' })
  await mount('token-1')
  t.match(await get(address, never()), { kind: 'found' })
})

t.test(
  'at most 16 requests are under way, and other callers don’t wait for the rest',
  async (t) => {
    const open: { url: string; answer: () => void }[] = []
    const { get } = await testReader(t, ({ url = '' }, response) => {
      open.push({ url, answer: () => send(response, 200, '{}') })
    })
    const ask = (name: string, asking: ObjectRequest['caller']) =>
      get({ path: `/${name}`, name, caller: asking }, never())
    const flood = Array.from({ length: 100 }, (_, i) => ask(`flood-${i}`, caller))
    const others = [
      ask('other-address', { ...caller, address: '10.0.0.2' }),
      ask('other-namespace', { ...caller, namespace: 'other' }),
    ]
    while (open.length < 16) await delay(5)
    await manyTurns()
    t.equal(open.length, 16)
    let answered = 0
    while (
      !['/other-address', '/other-namespace'].every((path) => open.some(({ url }) => url === path))
    ) {
      open[answered++]?.answer()
      await delay(5)
    }
    t.ok(answered <= 4, `they were sent after ${answered} of 100 requests`)
    while (answered < 102) {
      open[answered]?.answer()
      if (open[answered] === undefined) await delay(1)
      else answered++
    }
    t.equal((await Promise.all([...flood, ...others])).length, 102)
  },
)

t.test('the size of an answer is given, too', async (t) => {
  const { getWithSize } = await testReader(t, (_request, response) =>
    send(response, 200, '{"a": 1}'),
  )
  t.match(await getWithSize(address, never()), { bytes: 8 })
})

t.test('an answer is parsed when it is the caller’s turn', async (t) => {
  const { reader, turns } = await readerInTurns(t)
  let isRead = false
  const got = reader.get(
    {
      ...address,
      read(object) {
        isRead = true
        return { kind: 'found', object }
      },
    },
    never(),
  )
  while (turns.length === 0) await delay(5)
  t.equal(isRead, false)
  t.strictSame(turns[0]?.caller, caller)
  turns[0]?.work()
  t.match(await got, { lookup: { kind: 'found' } })
  t.equal(isRead, true)
})

t.test(
  'an answer that waits for its turn takes a place, so that few are held at once',
  async (t) => {
    const { reader, server, turns } = await readerInTurns(t)
    const all = Array.from({ length: 40 }, (_, i) =>
      reader.get({ ...address, path: `/${i}` }, never()),
    )
    while (turns.length < 16) await delay(5)
    await manyTurns()
    t.equal(server.requests.length, 16, 'no more is asked for')
    for (let parsed = 0; parsed < 40; parsed++) {
      while (turns[parsed] === undefined) await delay(1)
      turns[parsed]?.work()
    }
    t.equal((await Promise.all(all)).length, 40)
  },
)

t.test('only a look-up whose time is up closes the idle connections', async (t) => {
  const { get, server } = await testReader(t, ({ url }, response) => {
    if (url !== '/hang') send(response, 200, '{}')
  })
  const abortWith = async (reason?: Error) => {
    const ending = new AbortController()
    const asked = server.requests.length
    const hanging = get({ ...address, path: '/hang' }, ending.signal)
    // Otherwise its connection could still be on its way when the connections are counted.
    while (server.requests.length === asked) await delay(1)
    await Promise.all([get(address, never()), get(address, never())])
    ending.abort(reason)
    await hanging
    const before = server.connections()
    await get(address, never())
    return server.connections() - before
  }
  t.equal(await abortWith(), 0)
  t.equal(await abortWith(timeIsUp), 1)
})

t.test('a look-up ends when its signal aborts', async (t) => {
  const ending = new AbortController()
  const { get } = await testReader(t, () => ending.abort())
  t.match(await get(address, ending.signal), { kind: 'failed' })
})

t.test('without a token, a look-up says what is missing', async (t) => {
  const { get, folder } = await testReader(t, (_request, response) => send(response, 200, '{}'))
  await rm(join(folder, 'token'))
  t.match(await get(address, never()), {
    kind: 'failed',
    reason: /^the webhook has no token for the API server/,
  })
})

t.test('outside of a pod, there is no API server to ask', async (t) => {
  t.match(inClusterAccess({}), { problem: /KUBERNETES_SERVICE_HOST/ })
  t.match(inClusterAccess({ KUBERNETES_SERVICE_HOST: 'x', KUBERNETES_SERVICE_PORT: 'y' }), {
    problem: /KUBERNETES_SERVICE_PORT/,
  })
  t.match(inClusterAccess({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }), {
    value: { host: 'fd00::1', port: 443 },
  })
})
