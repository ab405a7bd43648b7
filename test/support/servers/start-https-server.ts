import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { TestAuthority } from '../issue-test-authority.ts'
import { issue, sharedCertificate } from './shared-certificates.ts'

export interface HttpsServer {
  readonly url: string
  /** The authority that signed its certificate. */
  readonly caPem: string
  readonly requests: readonly IncomingMessage[]
  /** How many connections were made to it so far. */
  readonly connections: () => number
}

/** Serves HTTPS on loopback with a certificate of the given authority, or with the shared one, until the test ends. */
export async function startHttpsServer(
  t: Pick<Test, 'teardown'>,
  answer: RequestListener,
  {
    authority,
    dnsNames = ['localhost'],
  }: { readonly authority?: TestAuthority; readonly dnsNames?: readonly string[] } = {},
): Promise<HttpsServer> {
  const { keyPem, certificatePem, caPem } =
    authority === undefined ? await sharedCertificate('server') : await issue(authority, dnsNames)
  const requests: IncomingMessage[] = []
  let connections = 0
  const tls = { key: keyPem, cert: certificatePem }
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
