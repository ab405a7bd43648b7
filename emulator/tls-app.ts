/** The Fastify application that serves Entra and the vaults, without its routes. */

import type { Server } from 'node:https'
import { type FastifyInstance, fastify } from 'fastify'

export type TlsApp = FastifyInstance<Server>

export interface ServingCertificate {
  readonly certificatePem: string
  readonly keyPem: string
}

/** A secret of 25 KiB whose every byte is escaped in JSON, with room around it. */
const maxBodyBytes = 256 * 1024
/** Names go up to 127 characters; anything longer is answered, not matched. */
const maxParameterLength = 2048
const maxConnections = 1000

export function createTlsApp({ certificatePem, keyPem }: ServingCertificate): TlsApp {
  const app = fastify({
    https: { cert: certificatePem, key: keyPem, minVersion: 'TLSv1.2' },
    forceCloseConnections: true,
    bodyLimit: maxBodyBytes,
    requestTimeout: 30_000,
    rewriteUrl: ({ url = '/', headers }) => vaultPath(url, headers.host),
    routerOptions: {
      ignoreTrailingSlash: true,
      caseSensitive: false,
      maxParamLength: maxParameterLength,
    },
  })
  app.server.maxConnections = maxConnections
  return app
}

/**
 * Vaults are told apart by path (`/team-a/secrets/x`), and also, as the service does it, by host
 * (`Host: team-a.vault.example` and `/secrets/x`), which becomes the former here.
 */
function vaultPath(url: string, host = ''): string {
  const vault = /^([0-9a-z-]+)\.[0-9a-z-]+(?:\.[0-9a-z-]+)*(?::\d+)?$/i.exec(host)?.[1]
  return vault !== undefined && /^\/(?:secrets|deletedsecrets)(?:[/?]|$)/i.test(url)
    ? `/${vault}${url}`
    : url
}
