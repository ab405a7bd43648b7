import { Agent } from 'node:https'
import { certificateBlocks, parseCertificate } from '../../lib/certificates.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import type { TokenProxy } from '../../lib/identity-binding/token-proxy.ts'

/** Enough for all parallel fetches, and few enough for a proxy. */
export const maxSockets = 16

/**
 * Creates a connection pool: the one for Entra and all vaults, or one for a token proxy. The SDKs use its proxy and TLS
 * settings; their own proxy support would ignore the administrator's certificates.
 *
 * @param options - `ca`: PEM; if set, only these certificates are trusted; `env`: where `HTTPS_PROXY` and `NO_PROXY` are read;
 *   `servername`: the TLS server name to ask for, and to expect in certificates. Absent: the host
 * @throws AkvError AKV_CONFIG_INVALID if `ca` or the proxy's URL isn't valid
 */
export function createConnection(options: {
  readonly ca?: string | undefined
  readonly env: Readonly<NodeJS.ProcessEnv>
  readonly servername?: string
}): Agent {
  return new Agent({
    keepAlive: true,
    maxSockets,
    // Set explicitly, so NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    proxyEnv: proxySettings(options.env),
    ...(options.ca === undefined ? {} : { ca: certificates(options.ca) }),
    ...(options.servername === undefined ? {} : { servername: options.servername }),
  })
}

/** Where service account tokens are exchanged. */
export interface Exchange {
  readonly agent: Agent
  /** The URL of the token proxy. Absent: at Entra. */
  readonly tokenProxy?: string
}

/** Connections to a token proxy trust the cluster's authorities only, and go through no other proxy. */
export const connectTokenProxy = ({ url, serverName, ca }: TokenProxy): Exchange => ({
  agent: createConnection({ ca, env: {}, servername: serverName }),
  tokenProxy: url,
})

/**
 * Reads the proxy variables as curl and Go do, which also accept `host:port` and match sub-domains, and writes them as
 * Node expects them.
 */
function proxySettings(env: Readonly<NodeJS.ProcessEnv>): NodeJS.ProcessEnv {
  const proxy = env['https_proxy'] || env['HTTPS_PROXY']
  if (!proxy) return {}
  const url = proxy.includes('://') ? proxy : `http://${proxy}`
  if (!/^https?:/.test(url) || !URL.canParse(url))
    throw new AkvError(
      'AKV_CONFIG_INVALID',
      'HTTPS_PROXY is not a valid proxy URL; accepted: http://host:port, https://host:port and host:port',
    )
  const noProxy = (env['no_proxy'] || env['NO_PROXY'] || '')
    .split(',')
    .map((entry) => entry.trim())
    .flatMap((entry) => (/^[0-9A-Za-z]/.test(entry) ? [entry, `.${entry}`] : [entry]))
  return { https_proxy: url, no_proxy: noProxy.join(',') }
}

/** Node would treat text without a certificate as an empty list, and then report that the host isn't trusted. */
function certificates(pem: string): string {
  const found = certificateBlocks(pem)
  if (found.length > 0 && found.every(parseCertificate)) return pem
  throw new AkvError(
    'AKV_CONFIG_INVALID',
    'the configured CA does not contain a readable PEM certificate',
  )
}
