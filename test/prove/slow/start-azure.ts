import { createServer as createProxy, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { issueTestAuthority } from '../../support/issue-test-authority.ts'
import { issue } from '../../support/servers/shared-certificates.ts'
import type { Answer, AzureRequest } from './azure-route.ts'

const hosts = ['login.microsoftonline.com', 'management.azure.com', '*.vault.azure.net']

/** When a run is killed: at which request that changes something. */
export interface Hold {
  readonly at: number
  readonly onHeld: () => void
}

/**
 * Azure's hosts on loopback, behind a proxy, so that `az` asks for them by their own names. Other hosts can't be reached.
 *
 * @param answer - gives the answer of one request
 */
export async function startAzure(t: Test, answer: (request: AzureRequest) => Answer) {
  const { keyPem, certificatePem, caPem } = await issue(await issueTestAuthority('Azure'), hosts)
  const azure = {
    ...{ caPem, url: '' },
    /** Other hosts that somebody asked for. */
    strangers: new Set<string>(),
    /** How many requests have changed something. */
    changes: 0,
    /** Its request has its effect, and no answer. */
    hold: undefined as Hold | undefined,
  }
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const { status, headers, body, isChange } = answer(await read(request))
    if (isChange) azure.changes += 1
    if (isChange && azure.changes === azure.hold?.at) return azure.hold.onHeld()
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(body === undefined ? '' : JSON.stringify(body))
  }
  const server = createServer({ key: keyPem, cert: certificatePem }, (request, response) => {
    respond(request, response).catch((error) => response.writeHead(500).end(String(error)))
  })
  const proxy = createProxy()
  const sockets = new Set<Socket>()
  const port = await listen(server)
  proxy.on('connect', ({ url = '' }, client: Socket) => {
    const [host = ''] = url.split(':')
    if (!hosts.includes(host.replace(/^[a-z0-9-]+(?=\.vault\.)/, '*'))) {
      azure.strangers.add(host)
      return client.end('HTTP/1.1 403 No\r\n\r\n')
    }
    const target = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      target.pipe(client).pipe(target)
    })
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => other.destroy())
    }
    return undefined
  })
  azure.url = `http://127.0.0.1:${await listen(proxy)}`
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    for (const one of [server, proxy]) one.close()
  })
  return azure
}

async function listen(
  server: ReturnType<typeof createProxy | typeof createServer>,
): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function read(request: IncomingMessage): Promise<AzureRequest> {
  const { method = '', headers, url: path = '' } = request
  const sent = await text(request)
  return {
    ...{ method, path, host: headers.host ?? '' },
    isSignedIn: headers.authorization !== undefined,
    body:
      headers['content-type']?.startsWith('application/json') && sent
        ? // az sends a template in a form that only Azure reads as JSON.
          JSON.parse(sent.replace(', template:{', ', "template":{'))
        : undefined,
  }
}
