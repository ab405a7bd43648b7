/** A local Entra and Key Vault over TLS, for the demo, the tests and people's laptops. */

import { randomUUID } from 'node:crypto'
import { type AddressInfo, isIP, isIPv6 } from 'node:net'
import { issueAuthority, issueLeaf } from '../certs/issue.ts'
import { type Commands, createCommands } from './commands.ts'
import { startControl } from './control.ts'
import type { EmulatorData } from './data/data.ts'
import type { EmulatorState } from './emulator-state.ts'
import { entraRoutes, issuerRoutes } from './entra/entra-routes.ts'
import { createIssuerKeys } from './entra/issuer-keys.ts'
import { createSigner, type Signer } from './entra/signer.ts'
import { injectFaults } from './faults/fault-hook.ts'
import { createFaults } from './faults/faults.ts'
import { logRequests } from './http/request-log.ts'
import { createTlsApp, type ServingCertificate, type TlsApp } from './http/tls-app.ts'
import { createVaults } from './vault/store/create-vaults.ts'
import { vaultRoutes } from './vault/vault-routes.ts'

export interface EmulatorOptions {
  readonly data: EmulatorData
  /** Where Entra and the vaults are served. Default: a free port of 127.0.0.1. */
  readonly listen?: { readonly host: string; readonly port: number } | undefined
  /** The port of the control end point, always on 127.0.0.1. Default: a free one. */
  readonly controlPort?: number | undefined
  /** What a federated credential without an issuer means. Default: the emulator's own issuer. */
  readonly issuer?: string | undefined
  /** What vaults accept: default `https://vault.azure.net`. */
  readonly audience?: string | undefined
  /** Default: a managed identity's 24 hours. */
  readonly tokenLifetimeSeconds?: number | undefined
  /**
   * Names on the certificate, the first of which stands in {@link Emulator.url}. Default: the address that it listens
   * on, unless that is loopback's or any; then `localhost`.
   */
  readonly dnsNames?: readonly [string, ...string[]] | undefined
  /** Default: a fresh one, from an authority of its own. */
  readonly certificate?: (ServingCertificate & { readonly caPem: string }) | undefined
  /** The clock of tokens, vaults and faults. Default: the machine's. */
  readonly now?: (() => Date) | undefined
}

export interface Emulator extends Commands {
  /** Such as `https://localhost:PORT`: the authority host. */
  readonly url: string
  /** `https://localhost:PORT/{vault}` */
  readonly vaultUrl: string
  /** `http://127.0.0.1:PORT` */
  readonly controlUrl: string
  readonly caPem: string
  /** What a federated credential without an issuer means. */
  readonly issuer: string
  /** Ends open connections, and is done when nothing listens any more. */
  close(): Promise<void>
}

const defaultAudience = 'https://vault.azure.net'
/** What Entra says for 24 hours. */
const managedIdentityLifetimeSeconds = 86_399

/** Starts an emulator. Any number of them can run in one process. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { listen = { host: '127.0.0.1', port: 0 }, now = () => new Date() } = options
  const address = ownAddress(listen.host)
  const dnsNames = options.dnsNames ?? ['localhost']
  const certificate = options.certificate ?? (await ownCertificate(dnsNames, address))
  const app = createTlsApp(certificate)
  const state = await createState(options, () =>
    urlOf(app, options.dnsNames?.[0] ?? address ?? 'localhost'),
  )
  const requests = logRequests(app, now)
  injectFaults(app, state)
  for (const addRoutes of [entraRoutes, issuerRoutes, vaultRoutes])
    app.register((scope: TlsApp, _options, done) => {
      addRoutes(scope, state)
      done()
    })
  await app.listen(listen)

  const commands = createCommands(state, requests)
  const control = await startControl(commands, options.controlPort ?? 0).catch(async (error) => {
    await app.close()
    throw error
  })
  return {
    ...commands,
    url: state.url,
    vaultUrl: `${state.url}/{vault}`,
    controlUrl: control.url,
    caPem: certificate.caPem,
    issuer: state.defaultIssuer,
    close: async () => {
      await Promise.all([app.close(), control.close()])
    },
  }
}

/** RSA keys take longer to make than the rest of an emulator, so all emulators of a process share two of them. */
function processSigners(): Promise<readonly [Signer, Signer]> {
  signers ??= Promise.all([createSigner(), createSigner()])
  return signers
}
let signers: Promise<readonly [Signer, Signer]> | undefined

/** @param url - known only once the port is */
async function createState(options: EmulatorOptions, url: () => string): Promise<EmulatorState> {
  const { data, now = () => new Date() } = options
  const [entraSigner, issuerSigner] = await processSigners()
  const remoteKeysOf = createIssuerKeys()
  const state: EmulatorState = {
    tenantId: data.tenantId,
    identities: new Map(
      data.identities.map((one) => [one.clientId, { ...one, objectId: randomUUID() }]),
    ),
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

/** The address that others reach it at, if it listens on one. */
const ownAddress = (host: string): string | undefined =>
  isIP(host) && !['127.0.0.1', '::1', '0.0.0.0', '::'].includes(host) ? host : undefined

/** By the machine's clock, whatever the emulated one says: whoever connects checks it by theirs. */
async function ownCertificate(dnsNames: readonly string[], address: string | undefined) {
  const now = new Date()
  const lifetimeDays = 365
  const authority = await issueAuthority({ commonName: 'akv-injector emulator', now, lifetimeDays })
  const [commonName = ''] = dnsNames
  const ipAddresses = ['127.0.0.1', ...(address ? [address] : [])]
  const leaf = await issueLeaf({ authority, commonName, dnsNames, ipAddresses, now, lifetimeDays })
  return { ...leaf, caPem: authority.certificatePem }
}
