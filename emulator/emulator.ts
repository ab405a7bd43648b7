/** A local Entra and Key Vault over TLS, for the demo, the tests and laptops. */

import { type AddressInfo, isIP, isIPv6 } from 'node:net'
import { issueServerPem, type ServerPem } from '../certs/issue.ts'
import { createCommands } from './commands.ts'
import { startControl } from './control.ts'
import type { EmulatorData } from './data/data.ts'
import { entraRoutes, issuerRoutes } from './entra/entra-routes.ts'
import { createIssuerKeys } from './entra/issuer-keys.ts'
import { createSigner, type Signer } from './entra/signer.ts'
import { registered, type Tenant } from './entra/tenant.ts'
import { startTokenProxy } from './entra/token-proxy.ts'
import { injectFaults } from './faults/fault-hook.ts'
import { createFaults } from './faults/faults.ts'
import { logRequests } from './http/request-log.ts'
import { createTlsApp, type TlsApp } from './http/tls-app.ts'
import { createVaults } from './vault/store/create-vaults.ts'
import { vaultRoutes } from './vault/vault-routes.ts'
import type { VaultService } from './vault/vault-service.ts'

export interface EmulatorOptions {
  readonly data: EmulatorData
  /** The address of Entra and the vaults. Default: a free port of 127.0.0.1. */
  readonly listen?: { readonly host: string; readonly port: number } | undefined
  /** The port of the control endpoint, which is always on 127.0.0.1. Default: a free port. */
  readonly controlPort?: number | undefined
  /** The issuer of a federated credential that doesn't name one. Default: the emulator's own issuer. */
  readonly issuer?: string | undefined
  /** The audience that vaults accept. Default: `https://vault.azure.net`. */
  readonly audience?: string | undefined
  /** Default: 24 hours, like the tokens of a managed identity. */
  readonly tokenLifetimeSeconds?: number | undefined
  /**
   * DNS names of the certificate; the URL uses the first. Default: the address that the emulator listens
   * on, or `localhost` if that is a loopback or wildcard address.
   */
  readonly dnsNames?: readonly [string, ...string[]] | undefined
  /** More DNS names of the certificate, by which clients reach the vaults, such as `*.vault.azure.net`. */
  readonly vaultDnsNames?: readonly string[] | undefined
  /** Default: a new certificate from a new authority. */
  readonly certificate?: ServerPem | undefined
  /** The ID of an AKS cluster whose API server exchanges tokens by identity bindings. Absent: there is none. */
  readonly clusterId?: string | undefined
  /** What signs Entra's tokens, and those of service accounts. Default: new keys, which take most of the time of a start. */
  readonly signers?: readonly [entra: Signer, issuer: Signer] | undefined
  /** The clock of tokens, vaults and faults, and of the header `Date`. Default: the machine's clock. */
  readonly now?: (() => Date) | undefined
}

export type Emulator = Awaited<ReturnType<typeof startEmulator>>

const defaultAudience = 'https://vault.azure.net'
/** Entra reports 24 hours as one second less. */
const managedIdentityLifetimeSeconds = 86_399

/** Starts an emulator. Several can run in one process. */
export async function startEmulator(options: EmulatorOptions) {
  const { listen = { host: '127.0.0.1', port: 0 }, now = () => new Date() } = options
  const address = ownAddress(listen.host)
  const dnsNames = [...(options.dnsNames ?? ['localhost']), ...(options.vaultDnsNames ?? [])]
  const certificate = options.certificate ?? (await ownCertificate(dnsNames, address))
  const app = createTlsApp(certificate)
  const state = await createState(options, () =>
    urlOf(app, options.dnsNames?.[0] ?? address ?? 'localhost'),
  )
  const requests = logRequests(app, now)
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('date', now().toUTCString())
  })
  injectFaults(app, state)
  for (const addRoutes of [entraRoutes, issuerRoutes, vaultRoutes])
    app.register((scope: TlsApp, _options, done) => {
      addRoutes(scope, state)
      done()
    })
  await app.listen(listen)

  const { clusterId } = options
  const tokenProxy =
    clusterId === undefined
      ? undefined
      : await startTokenProxy(state, {
          clusterId,
          listen: { host: listen.host, port: 0 },
          ipAddresses: address ? [address] : [],
        })
  const commands = createCommands(state, requests, tokenProxy)
  const connection = {
    authorityHost: state.url,
    vaultUrl: `${state.url}/{vault}`,
    audience: state.audience,
    tenantId: state.tenantId,
    ca: certificate.caPem,
  }
  const controlled = { ...commands, connection }
  const control = await startControl(controlled, options.controlPort ?? 0).catch(async (error) => {
    await Promise.all([app.close(), tokenProxy?.close()])
    throw error
  })
  return {
    ...commands,
    /** The authority host, such as `https://localhost:PORT`. */
    url: state.url,
    /** `https://localhost:PORT/{vault}` */
    vaultUrl: connection.vaultUrl,
    /** What a client needs besides an identity. */
    connection,
    /** `http://127.0.0.1:PORT` */
    controlUrl: control.url,
    caPem: certificate.caPem,
    /** Set if `clusterId` is. */
    tokenProxy,
    /** The issuer of a federated credential that doesn't name one. */
    issuer: state.defaultIssuer,
    /** Ends open connections, and resolves when all servers have stopped listening. */
    close: async (): Promise<void> => {
      await Promise.all([app.close(), control.close(), tokenProxy?.close()])
    },
  }
}

/** @param url - can be called once the server listens */
async function createState(options: EmulatorOptions, url: () => string) {
  const { data, now = () => new Date() } = options
  const [entraSigner, issuerSigner] =
    options.signers ?? (await Promise.all([createSigner(), createSigner()]))
  const remoteKeysOf = createIssuerKeys()
  const state: Tenant & VaultService = {
    tenantId: data.tenantId,
    identities: new Map(registered(data)),
    vaults: createVaults(data, now()),
    faults: createFaults(now),
    audience: options.audience ?? defaultAudience,
    tokenLifetimeSeconds: options.tokenLifetimeSeconds ?? managedIdentityLifetimeSeconds,
    entraSigner,
    issuerSigner,
    keysOf: async (issuer) =>
      issuer === state.ownIssuer ? issuerSigner.findKey : await remoteKeysOf(issuer),
    get url() {
      return url()
    },
    get ownIssuer() {
      return `${url()}/issuer`
    },
    get defaultIssuer() {
      return options.issuer ?? state.ownIssuer
    },
    now,
  }
  return state
}

function urlOf({ server }: TlsApp, name: string): string {
  const { port } = server.address() as AddressInfo
  return `https://${isIPv6(name) ? `[${name}]` : name}:${port}`
}

/** The address that other machines can use, if the emulator listens on one. */
const ownAddress = (host: string): string | undefined =>
  isIP(host) && !['127.0.0.1', '::1', '0.0.0.0', '::'].includes(host) ? host : undefined

/** Issued by the machine's clock, not the emulated one, because clients check it by the machine's clock. */
function ownCertificate(dnsNames: readonly string[], address: string | undefined) {
  const [commonName = ''] = dnsNames
  const ipAddresses = ['127.0.0.1', ...(address ? [address] : [])]
  const options = { commonName, dnsNames, ipAddresses, now: new Date(), lifetimeDays: 365 }
  return issueServerPem('akv-injector emulator', options)
}
