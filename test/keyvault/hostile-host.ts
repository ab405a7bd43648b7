/** A TLS host of a test's own, that answers whatever the test wants. */

import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { issueAuthority, issueLeaf } from '../../certs/issue.ts'

export interface Host {
  readonly url: string
  readonly caPem: string
  readonly requests: readonly IncomingMessage[]
}

export async function startHost(t: Test, answer: RequestListener): Promise<Host> {
  const now = new Date()
  const authority = await issueAuthority({ commonName: 'test', now, lifetimeDays: 1 })
  const leaf = await issueLeaf({
    authority,
    commonName: 'localhost',
    dnsNames: ['localhost'],
    ipAddresses: [],
    now,
    lifetimeDays: 1,
  })
  const requests: IncomingMessage[] = []
  const server = createServer(
    { key: leaf.keyPem, cert: leaf.certificatePem },
    (request, response) => {
      requests.push(request)
      answer(request, response)
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { url: `https://localhost:${port}`, caPem: authority.certificatePem, requests }
}
