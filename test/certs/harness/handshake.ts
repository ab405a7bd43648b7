import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect as connectTls, createServer } from 'node:tls'

/** Connects as the API server does: it verifies the name of the webhook's Service and trusts only the caBundle. */
export async function handshake(options: {
  readonly leaf: Readonly<Record<string, string>>
  readonly caPem: string
  readonly name: string
}): Promise<void> {
  const { leaf, caPem, name } = options
  const server = createServer({ cert: leaf['tls.crt'], key: leaf['tls.key'] })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connectTls({ host: '127.0.0.1', port, ca: caPem, servername: name })
  try {
    await once(client, 'secureConnect')
  } finally {
    client.destroy()
    server.close()
  }
}
