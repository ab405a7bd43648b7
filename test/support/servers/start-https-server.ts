import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { issueTestAuthority, type TestAuthority } from '../issue-test-authority.ts'

export interface HttpsServer {
  readonly url: string
  /** The authority that signed its certificate. */
  readonly caPem: string
  readonly requests: readonly IncomingMessage[]
  /** How many connections were made to it so far. */
  readonly connections: () => number
}

/** Serves HTTPS on loopback with a certificate of the given or a new authority, until the test ends. */
export async function startHttpsServer(
  t: Pick<Test, 'teardown'>,
  answer: RequestListener,
  {
    authority,
    dnsNames = ['localhost'],
  }: { readonly authority?: TestAuthority; readonly dnsNames?: readonly string[] } = {},
): Promise<HttpsServer> {
  const { certificatePem: caPem, issue } = authority ?? (await issueTestAuthority())
  const leaf = await issue({ dnsNames })
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
  return { url, caPem, requests, connections: () => connections }
}
