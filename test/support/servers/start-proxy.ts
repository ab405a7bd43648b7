import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Test } from 'tap'

/** A real forward proxy, which only ever sees the names of hosts. */
export async function startProxy(t: Test, answer = 200) {
  const asked: IncomingMessage[] = []
  const server = createServer()
  server.on('connect', (request: IncomingMessage, client) => {
    asked.push(request)
    if (answer !== 200) return client.end(`HTTP/1.1 ${answer} No\r\n\r\n`)
    const target = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      target.pipe(client).pipe(target)
    })
    client.on('error', () => target.destroy())
    target.on('error', () => client.destroy())
    return undefined
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}
