import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import t, { type Test } from 'tap'
import { issueAuthority, issueLeaf } from '../../certs/issue.ts'
import { watch } from '../../kubernetes/watch.ts'

/** Watches what a server over TLS answers so; the events that came. */
async function watchWith(t: Test, answer: (response: ServerResponse) => void) {
  const [now, commonName] = [new Date(), 'stand-in']
  const authority = await issueAuthority({ commonName, now, lifetimeDays: 2 })
  const names = { commonName, dnsNames: [], ipAddresses: ['127.0.0.1'] }
  const leaf = await issueLeaf({ authority, ...names, now, lifetimeDays: 1 })
  const tls = { cert: leaf.certificatePem, key: leaf.keyPem }
  const server = createServer(tls, (_, response) => answer(response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const caData = Buffer.from(authority.certificatePem).toString('base64')
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromClusterAndUser(
    { name: 'tests', server: `https://127.0.0.1:${port}`, caData, skipTLSVerify: false },
    { name: 'tests', token: 'x' },
  )
  const events: unknown[] = []
  const watching = watch(
    { kubeConfig, server: new URL(`https://127.0.0.1:${port}`) },
    {
      path: '/watched',
      query: {},
      onEvent: (event) => {
        if (event.type === 'ERROR') throw new Error('no more')
        events.push(event)
      },
      signal: new AbortController().signal,
      quietMs: 10_000,
    },
  )
  return { events, watching }
}

const event = (type: string) => `${JSON.stringify({ type, object: {} })}\n`
/** What is thrown outside of any promise would come a moment later. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 50))

t.test('events come as they are sent, until the server ends them', async (t) => {
  const { events, watching } = await watchWith(t, (response) => {
    response.write(event('ADDED'))
    response.end(event('DELETED'))
  })
  await watching
  t.match(events, [{ type: 'ADDED' }, { type: 'DELETED' }])
})

t.test('a refusal is thrown, and leaves nothing behind, however slow its body is', async (t) => {
  const { watching } = await watchWith(t, (response) => {
    response.writeHead(410, { 'content-type': 'application/json' })
    response.write('{"kind":"Status",')
  })
  await t.rejects(watching, /answered 410 to a watch/)
  await aMoment()
})

t.test('what an event makes us throw ends the watch, though it would go on', async (t) => {
  const { watching } = await watchWith(t, (response) => {
    response.write(event('ERROR'))
  })
  await t.rejects(watching, /no more/)
  await aMoment()
})

t.test('a connection that breaks off is thrown', async (t) => {
  const { events, watching } = await watchWith(t, (response) => {
    response.write(event('ADDED'), () => response.destroy())
  })
  await t.rejects(watching)
  t.match(events, [{ type: 'ADDED' }])
  await aMoment()
})

t.test('a line that is no JSON is not repeated', async (t) => {
  const { watching } = await watchWith(t, (response) => {
    response.write('{"hunter2\n')
  })
  await t.rejects(watching, { message: 'the API server sent a line that is no JSON' })
})
