import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Test } from 'tap'

export interface ProxyOptions {
  /** The status with which it answers; without 200 it connects nobody. */
  readonly answer?: number
  /** The address that it listens at, and that it connects to, whatever it is asked for. */
  readonly host?: string
}

/** A real forward proxy, which only ever sees the names of hosts. */
export async function startProxy(t: Test, options: ProxyOptions = {}) {
  const { answer = 200, host = '127.0.0.1' } = options
  const asked: IncomingMessage[] = []
  const server = createServer()
  const tunnels = new Set<Duplex>()
  server.on('connect', (request: IncomingMessage, client) => {
    asked.push(request)
    tunnels.add(client.once('close', () => tunnels.delete(client)))
    if (answer !== 200) return client.end(`HTTP/1.1 ${answer} No\r\n\r\n`)
    const target = connect(Number(request.url?.split(':')[1]), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      target.pipe(client).pipe(target)
    })
    client.on('close', () => target.destroy())
    client.on('error', () => target.destroy())
    target.on('error', () => client.destroy())
    return undefined
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
    // The server no longer knows these. A pod that is gone doesn't close its end.
    for (const client of tunnels) client.destroy()
  })
  return { url: `http://${host}:${(server.address() as AddressInfo).port}`, asked }
}
