import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { CoreV1Api } from '@kubernetes/client-node'
import t from 'tap'
import { issueAuthority, issueLeaf } from '../../certs/issue.ts'
import { openConnection } from '../../kubernetes/connection.ts'
import { kubeconfigText } from '../certs/kubeconfig.ts'

t.test('a late failure does not cost the connection that was opened since', async (t) => {
  const [now, commonName] = [new Date(), 'stand-in']
  const authority = await issueAuthority({ commonName, now, lifetimeDays: 2 })
  const names = { commonName, dnsNames: [], ipAddresses: ['127.0.0.1'] }
  const leaf = await issueLeaf({ authority, ...names, now, lifetimeDays: 1 })
  const held = new Map<string, ServerResponse>()
  const server = createServer({ cert: leaf.certificatePem, key: leaf.keyPem })
  server.on('request', ({ url = '' }, response) => {
    const name = url.split('/').at(-1) ?? ''
    if (name.startsWith('held')) held.set(name, response)
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  let connections = 0
  server.on('secureConnection', () => {
    connections += 1
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const file = `${t.testdir()}/kubeconfig`
  const access = { token: 'x', caPem: authority.certificatePem }
  writeFileSync(file, kubeconfigText({ server: `https://127.0.0.1:${port}`, ...access }))
  process.env['KUBECONFIG'] = file
  const { configuration } = openConnection({ signal: new AbortController().signal })
  const core = new CoreV1Api(configuration)
  const read = (name: string) => core.readNamespacedSecret({ namespace: 'team-a', name })

  const failures = ['held-1', 'held-2'].map((name) => ({ name, failure: t.rejects(read(name)) }))
  while (held.size < failures.length) await once(server, 'request')
  t.equal(connections, 2)
  for (const { name, failure } of failures) {
    held.get(name)?.destroy()
    await failure
    await read('good')
    t.equal(connections, 3, `after ${name}`)
  }
})
