import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { issueAuthority, issueLeaf } from '../../certs/issue.ts'

export interface HttpsServer {
  readonly url: string
  /** The authority that signed its certificate. */
  readonly caPem: string
  readonly requests: readonly IncomingMessage[]
  /** How many connections were made to it so far. */
  readonly connections: () => number
}

/** Serves HTTPS on loopback with a certificate of its own authority, until the test ends. */
export async function startHttpsServer(
  t: Pick<Test, 'teardown'>,
  answer: RequestListener,
): Promise<HttpsServer> {
  const now = new Date()
  const authority = await issueAuthority({ commonName: 'test', now, lifetimeDays: 2 })
  const leaf = await issueLeaf({
    authority,
    commonName: 'localhost',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    now,
    lifetimeDays: 1,
  })
  const requests: IncomingMessage[] = []
  let connections = 0
  const tls = { key: leaf.keyPem, cert: leaf.certificatePem }
  const server = createServer(tls, (request, response) => {
    requests.push(request)
    answer(request, response)
  })
  server.on('secureConnection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const url = `https://localhost:${port}`
  return { url, caPem: authority.certificatePem, requests, connections: () => connections }
}
