import { once } from 'node:events'
import { type Agent, get } from 'node:https'
import { connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { connectAhead } from '../../../keyvault/clients/connect-ahead.ts'
import { createConnection } from '../../../keyvault/clients/connection.ts'
import { issueTestAuthority } from '../../support/issue-test-authority.ts'
import { startHttpsServer } from '../../support/servers/start-https-server.ts'
import { startProxy } from '../../support/servers/start-proxy.ts'
import { connectTo } from '../emulated-vault.ts'

const startServer = (t: Test) => startHttpsServer(t, (_request, response) => response.end('here'))

async function answerOf(url: string, agent: Agent): Promise<string> {
  const [response] = await once(get(url, { agent }), 'response')
  return await text(response)
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5))
}

t.test(
  'the first requests take the connections that are open, and later ones keep them',
  async (t) => {
    const server = await startServer(t)
    const agent = connectTo(t, server.caPem)
    connectAhead(agent, new Map([[`${server.url}/vault`, 2]]))
    await until(() => server.connections() === 2)
    t.equal(server.requests.length, 0, 'nothing is sent')
    const three = [1, 2, 3].map(() => answerOf(server.url, agent))
    t.strictSame(await Promise.all(three), ['here', 'here', 'here'])
    t.equal(server.connections(), 3)
    t.equal(await answerOf(server.url, agent), 'here')
    t.equal(server.connections(), 3)
  },
)

t.test('a request waits for a connection that is being opened', async (t) => {
  const server = await startServer(t)
  const agent = connectTo(t, server.caPem)
  connectAhead(agent, new Map([[server.url, 1]]))
  t.equal(await answerOf(server.url, agent), 'here')
  t.equal(server.connections(), 1)
})

t.test('connections that have failed or were closed aren’t used', async (t) => {
  const server = await startServer(t)
  let accepted = 0
  const front = createServer((socket) => {
    accepted += 1
    if (accepted <= 2) return socket.destroy()
    const behind = connect(Number(new URL(server.url).port), '127.0.0.1')
    return socket.pipe(behind).pipe(socket)
  })
  t.teardown(() => front.close())
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')
  const address = front.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const agent = connectTo(t, server.caPem)
  const opened: Promise<unknown>[] = []
  const { createConnection: open } = agent
  agent.createConnection = (...args) => {
    const socket = open.apply(agent, args)
    if (socket) opened.push(once(socket, 'close'))
    return socket
  }
  connectAhead(agent, new Map([[`https://localhost:${port}`, 2]]))
  await Promise.allSettled(opened)
  t.equal(await answerOf(`https://localhost:${port}`, agent), 'here')
  agent.destroy()
})

t.test('a host that can’t be reached fails the request, and nothing else', async (t) => {
  const agent = createConnection({ env: {} })
  // Nothing listens on port 9.
  connectAhead(agent, new Map([['https://127.0.0.1:9', 3]]))
  await t.rejects(answerOf('https://127.0.0.1:9', agent), { code: 'ECONNREFUSED' })
})

t.test('the certificate is checked as for any other connection', async (t) => {
  const [server, other] = await Promise.all([startServer(t), issueTestAuthority()])
  const agent = connectTo(t, other.certificatePem)
  connectAhead(agent, new Map([[server.url, 1]]))
  await t.rejects(answerOf(server.url, agent), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  t.equal(server.requests.length, 0)
})

t.test('no connection is opened ahead of time if there is a proxy', async (t) => {
  const server = await startServer(t)
  const proxy = await startProxy(t)
  const agent = connectTo(t, server.caPem, { HTTPS_PROXY: proxy.url })
  connectAhead(agent, new Map([[server.url, 2]]))
  t.equal(await answerOf(server.url, agent), 'here')
  t.equal(proxy.asked.length, 1)
  t.equal(server.connections(), 1)
})
