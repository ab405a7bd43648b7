import { once } from 'node:events'
import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { urlToHttpOptions } from 'node:url'
import { printable } from '../printable.ts'
import { reasonOf } from '../reason-of.ts'
import { clusterIdIn, serverNameOf } from './server-name.ts'
import type { TokenProxy } from './token-proxy.ts'

const timeoutMs = 10_000

/**
 * Asks the API server for its certificate, which must be signed by one of the cluster's authorities, and works the name out.
 *
 * @throws Error with a sentence that names the URL
 */
export async function findServerName(
  { url, ca }: Pick<TokenProxy, 'url' | 'ca'>,
  signal: AbortSignal,
): Promise<string> {
  const names = await dnsNamesOf({ url, ca }, signal)
  const clusterId = clusterIdIn(names)
  if (clusterId !== undefined) return serverNameOf(clusterId)
  const shown = names.slice(0, 10).map((name) => printable(name, 100))
  throw new Error(
    `the certificate at ${url} has no DNS name hcp-kubernetes.ID.svc.cluster.local, only ${shown.join(', ') || 'none at all'}`,
  )
}

async function dnsNamesOf(
  { url, ca }: Pick<TokenProxy, 'url' | 'ca'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { hostname, port } = urlToHttpOptions(new URL(url))
  // Without the brackets of an IPv6 address.
  const host = String(hostname)
  // RFC 6066, section 3, forbids addresses there.
  const servername = isIP(host) === 0 ? host : ''
  const socket = connect({ host, port: Number(port || 443), ca, servername })
  try {
    await once(socket, 'secureConnect', {
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    const text = socket.getPeerX509Certificate()?.subjectAltName ?? ''
    return text.split(', ').flatMap((name) => /^DNS:(.+)$/.exec(name)?.[1] ?? [])
  } catch (error) {
    throw new Error(`${url} could not be asked for its certificate: ${reasonOf(error)}`)
  } finally {
    socket.destroy()
  }
}
