import type { Test } from 'tap'
import type { Emulator } from '../../../emulator/emulator.ts'
import { createConnection, type Exchange } from '../../../keyvault/clients/connection.ts'
import { createServerTime } from '../../../keyvault/clients/server-time.ts'
import { VaultPauses } from '../../../keyvault/readers/vault-pauses.ts'
import type { Clock } from '../../../lib/clock.ts'
import { type AccountEntry, accountEntry } from '../../../sync/account/account-entry.ts'
import { connectCluster } from '../../../sync/cluster/api-server.ts'
import { ApiServerPinger } from '../../../sync/cluster/api-server-outage.ts'
import { createEventBudget } from '../../../sync/cluster/event-budget.ts'
import { openAccountSession } from '../../../sync/fetch/account-session.ts'
import { SyncMetrics } from '../../../sync/metrics/metrics.ts'
import { createVaultPace } from '../../../sync/pace/vault-pace.ts'
import { createRounds } from '../../../sync/round/round.ts'
import type { RoundServices } from '../../../sync/round/services.ts'
import { noKnownSources } from '../../../sync/round/settle/decide-sources.ts'
import { createTryLimit } from '../../../sync/round/settle/try-limit.ts'
import { type ApiServer, startApiServer } from '../../support/api-server/start-api-server.ts'
import { type MemoryLog, memoryLog } from '../../support/memory-log.ts'
import { clientId, startTestEmulator, tenantId } from '../../support/servers/start-test-emulator.ts'
import { type SimulatedClock, simulatedClock } from '../../support/simulated-clock.ts'
import { bindingPolicy, policy } from '../../webhook/core/policy.ts'
import { ampleShares } from './ample-shares.ts'
import { freePace } from './free-pace.ts'
import { simulatedSources } from './simulated-sources.ts'

export const webId = clientId
export const apiId = '33333333-3333-3333-3333-333333333333'

export const vaultData = `
identities:
  - clientId: ${webId}
    federatedCredentials: [{ subject: 'system:serviceaccount:team-a:web' }]
  - clientId: ${apiId}
    federatedCredentials: [{ subject: 'system:serviceaccount:team-a:api' }]
vaults:
  team-a:
    readers: [${webId}]
    secrets: { db-password: correct horse, db: '{"url":"postgres://x"}', extra: more, pull: no JSON s3cr3t }
    certificates: { web: { dnsNames: [web.example] } }
  team-b:
    readers: [${webId}, ${apiId}]
    secrets: { shared: token }
`

/** The annotations of an account that asks for these Secrets. */
export const annotations = (
  sync: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> => ({
  'azure.workload.identity/client-id': webId,
  'azure.workload.identity/tenant-id': tenantId,
  'akv-injector.io/vault': 'team-a',
  'akv-injector.io/refresh': '5m',
  'akv-injector.io/sync': sync,
  ...more,
})

/** The tests' API server, an emulated Azure, and the controller, one round at a time. */
export interface Simulation {
  readonly apiServer: ApiServer
  readonly azure: Emulator
  readonly clock: SimulatedClock
  readonly log: MemoryLog
  readonly options: RoundServices
  readonly stop: AbortController
  /** Advances the clock of the controller and of Azure. */
  pass(ms: number): void
  /** Runs a round for an account as it is now. Resolves with the time of the next round. */
  round(name?: string): Promise<number | undefined>
  /** Reads the sources and assigns them to the accounts, as each round does first. */
  assignSources(): Promise<void>
  /** Drops the controller's memory, as a restart does. */
  restart(): void
  /** The decoded data of a Secret, or undefined if the Secret doesn't exist. */
  values(name: string): Readonly<Record<string, string>> | undefined
  version(name: string): string | undefined
  /** The Events since the last call. */
  events(): readonly string[]
  /** The paths of the requests for vault objects since the last call. */
  vaultPaths(): readonly string[]
  /** The writes of Secrets since the last call, such as `PATCH db`. */
  writes(): readonly string[]
}

export async function startSimulation(
  t: Test,
  {
    yaml = vaultData,
    classesOf,
    exchange,
  }: {
    readonly yaml?: string
    /** Reads classes, for these listed accounts. */
    readonly classesOf?: readonly string[]
    /** How accounts sign in that ask for an identity binding. Absent: Azure has no cluster with a token proxy. */
    readonly exchange?: (azure: Emulator) => Exchange
  } = {},
): Promise<Simulation> {
  const clock = simulatedClock()
  // Azure's clock is right, whatever becomes of the controller's.
  const aheadMs = clock.wallTime() - clock.now()
  const azure = await startTestEmulator(t, {
    yaml,
    now: () => new Date(clock.now() + aheadMs),
    ...(exchange && { clusterId: '696995ccb303450001b31a18' }),
  })
  const apiServer = await startApiServer(t)
  apiServer.tokenOf = (namespace, serviceAccount, audience) =>
    azure.serviceAccountToken({ namespace, serviceAccount, audience })
  const stop = new AbortController()
  const end = new AbortController()
  const log = memoryLog()
  const { kubeconfigFile } = apiServer
  const ends = { signal: stop.signal, end: end.signal }
  const tokenProxy = exchange && (() => exchange(azure))
  const connected = connectAll({
    ...{ kubeconfigFile, azure, clock, log, ...ends },
    ...(tokenProxy && { tokenProxy }),
  })
  const sources = classesOf && simulatedSources(connected, classesOf)
  const options = { ...connected, ...(sources && { sourcesOf: sources.sourcesOf }) }
  t.teardown(() => {
    stop.abort()
    end.abort()
  })

  let entries = new Map<string, AccountEntry>()
  const seen = { events: 0, vault: 0, requests: 0 }
  const assignSources = async () => await sources?.assign([...entries.values()])
  return {
    apiServer,
    azure,
    clock,
    log,
    options,
    stop,
    pass: clock.pass,
    async round(name = 'web') {
      const { objects: accounts } = await options.cluster.accounts.list('team-a')
      for (const account of accounts) {
        const entry = entries.get(account.uid) ?? accountEntry(account, account.name !== 'unlisted')
        const before = JSON.stringify(entry.account.annotations)
        if (JSON.stringify(account.annotations) !== before)
          entry.isChanged = entry.asksForAll = true
        entry.account = account
        entries.set(account.uid, entry)
      }
      const uids = new Set(accounts.map(({ uid }) => uid))
      for (const uid of entries.keys()) if (!uids.has(uid)) entries.delete(uid)
      await assignSources()
      const entry = [...entries.values()].find(({ account }) => account.name === name)
      if (entry === undefined) throw new Error(`there is no account ${name}`)
      return await createRounds(options)(entry)
    },
    assignSources,
    restart() {
      entries = new Map()
      sources?.restart()
    },
    values(name) {
      const secret = apiServer.secrets.get(`team-a/${name}`)
      if (secret === undefined) return undefined
      const data = Object.entries(secret.data ?? {})
      return Object.fromEntries(
        data.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
      )
    },
    version: (name) => apiServer.secrets.get(`team-a/${name}`)?.metadata.resourceVersion,
    events() {
      const news = apiServer.events.slice(seen.events)
      seen.events = apiServer.events.length
      return news.map(({ account, reason, message }) => `${account} ${reason}: ${message}`)
    },
    vaultPaths() {
      const news = azure.requests.slice(seen.vault)
      seen.vault = azure.requests.length
      return news.map(({ path }) => path).filter((path) => /secrets|keys|certificates/.test(path))
    },
    writes() {
      const news = apiServer.requests.slice(seen.requests)
      seen.requests = apiServer.requests.length
      return news
        .filter(({ method, path }) => method !== 'GET' && /\/secrets/.test(path))
        .map(({ method, path }) => `${method} ${path.split('/').slice(6).join('/')}`.trim())
    },
  }
}

/** Connects everything that a round needs to the API server of a kubeconfig, the tests' own or a real one. */
export function connectAll(parts: {
  readonly kubeconfigFile: string
  readonly azure: Emulator
  readonly clock: Clock
  readonly log: MemoryLog
  readonly signal: AbortSignal
  readonly end: AbortSignal
  readonly tokenProxy?: () => Exchange
}): RoundServices & { readonly metrics: SyncMetrics } {
  const { kubeconfigFile, azure, clock, log, signal, end } = parts
  const cloud = {
    authorityHost: azure.url,
    vaultUrl: azure.vaultUrl,
    audience: 'https://vault.azure.net',
    ca: azure.caPem,
  }
  process.env['KUBECONFIG'] = kubeconfigFile
  const cluster = connectCluster({ signal: end })
  const agent = createConnection({ ca: azure.caPem, env: {} })
  end.addEventListener('abort', () => agent.destroy())
  const metrics = new SyncMetrics((_, name) => ['web', 'api'].includes(name))
  const pauses = new VaultPauses(clock)
  const pace = createVaultPace({ clock, signal, pauses })
  const serverTime = createServerTime(clock)
  const fairPace = freePace
  const shared = { cloud, cluster, agent, serverTime, pace, fairPace, pauses, metrics, clock }
  return {
    cluster,
    outage: new ApiServerPinger({ cluster, clock, log: log.log, signal }),
    policy: { ...(parts.tokenProxy ? bindingPolicy : policy), cloud },
    sourcesOf: () => noKnownSources,
    metrics,
    events: createEventBudget(clock),
    memory: ampleShares(),
    pace: freePace,
    tries: createTryLimit(clock),
    clock,
    log: log.log,
    signal,
    openSession: (account, { identity, usesBinding }, heldToken) => {
      const exchange = usesBinding && parts.tokenProxy ? parts.tokenProxy() : { agent }
      return openAccountSession({ ...shared, exchange, account, identity, heldToken })
    },
  }
}
