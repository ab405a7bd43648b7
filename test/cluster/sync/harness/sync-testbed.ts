import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { Test } from 'tap'
import type { Emulator } from '../../../../emulator/emulator.ts'
import { type Clock, systemClock } from '../../../../lib/clock.ts'
import { type AccountEntry, accountEntry } from '../../../../sync/account/account-entry.ts'
import { createRounds } from '../../../../sync/round/round.ts'
import type { RoundServices } from '../../../../sync/round/services.ts'
import { memoryLog } from '../../../support/memory-log.ts'
import { startTestEmulator } from '../../../support/servers/start-test-emulator.ts'
import { simulatedSources } from '../../../sync/harness/simulated-sources.ts'
import { connectAll, webId } from '../../../sync/harness/simulation.ts'
import type { KubeObject } from '../../client/api.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { readKubeconfig } from '../../client/kubeconfig.ts'
import { publishIssuerKeys } from '../../harness/publish-issuer-keys.ts'
import { openSyncAccount, type SyncAccount } from './sync-account.ts'

/** A real API server, an emulated Azure that accepts its tokens, and the controller, one round at a time. */
export interface SyncTestbed extends SyncAccount {
  readonly namespace: string
  readonly azure: Emulator
  readonly options: RoundServices
  /** Advances the controller's clock. */
  pass(ms: number): void
  /**
   * Replaces all annotations of the account `web`, as `kubectl apply` does, and creates the account if necessary.
   *
   * @param namespace - team A's by default
   */
  annotate(annotations: Readonly<Record<string, string>>, namespace?: string): Promise<KubeObject>
  /** Runs a round for the account `web`. Resolves with the time of the next round. */
  round(namespace?: string): Promise<number | undefined>
  /** Drops the controller's memory, as a restart does. */
  restart(): void
  secret(name: string): Promise<KubeObject | undefined>
  /** The decoded data of a Secret, or undefined if the Secret doesn't exist. */
  values(name: string): Promise<Readonly<Record<string, string>> | undefined>
  version(name: string): Promise<unknown>
  /** The Events on team A's accounts since the last call. */
  events(): Promise<readonly string[]>
}

const vaultData = ({ teamA, teamB }: SyncAccount['namespaces']) => `
identities:
  - clientId: ${webId}
    federatedCredentials:
      - subject: 'system:serviceaccount:${teamA}:web'
      - subject: 'system:serviceaccount:${teamB}:web'
vaults:
  team-a:
    readers: [${webId}]
    secrets:
      db-password: correct horse
      db: '{"url":"postgres://x"}'
      extra: more
      pull: no JSON s3cr3t
${Array.from({ length: 45 }, (_, i) => `      big-${i}: '${String(i % 10).repeat(24_000)}'`).join('\n')}
`

/** @param testbedOptions - `readsSources`: whether the account `web` of team A reads ExternalSecrets */
export async function openSyncTestbed(
  t: Test,
  { readsSources = false }: { readonly readsSources?: boolean } = {},
): Promise<SyncTestbed> {
  const account = await openSyncAccount(t)
  const { api, cluster, namespaces, kubeconfigFile } = account
  const { server, ca } = readKubeconfig(process.env['KUBECONFIG'] ?? '')
  t.teardown(await publishIssuerKeys(cluster))
  // The emulator fetches the keys of the API server, as Entra does.
  setDefaultCACertificates([...getCACertificates('default'), ca ?? ''])
  const azure = await startTestEmulator(t, { yaml: vaultData(namespaces), issuer: server.origin })
  let offsetMs = 0
  const clock: Clock = {
    ...systemClock,
    now: () => systemClock.now() + offsetMs,
    wallTime: () => Date.now() + offsetMs,
    random: () => 0.5,
  }
  const [stop, end] = [new AbortController(), new AbortController()]
  const ends = { signal: stop.signal, end: end.signal }
  const connected = connectAll({ kubeconfigFile, azure, clock, log: memoryLog(), ...ends })
  const sources = readsSources ? simulatedSources(connected, ['web'], namespaces.teamA) : undefined
  const options = { ...connected, ...(sources && { sourcesOf: sources.sourcesOf }) }
  t.teardown(() => {
    stop.abort()
    end.abort()
  })

  const namespace = namespaces.teamA
  const entries = new Map<string, AccountEntry>()
  const seenEvents = new Set<unknown>()
  const secret = async (name: string) => {
    const metadata = { name, namespace }
    const answer = await cluster.get({ apiVersion: 'v1', kind: 'Secret', metadata })
    return answer.status === 404 ? undefined : expectSuccess(answer).body
  }
  return {
    ...account,
    namespace,
    azure,
    options,
    pass(ms) {
      offsetMs += ms
    },
    async annotate(annotations, at = namespace) {
      const metadata = { name: 'web', namespace: at, annotations }
      return expectSuccess(
        await cluster.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata }),
      ).body
    },
    async round(at = namespace) {
      const { objects: accounts } = await options.cluster.accounts.list(at)
      const account = accounts.find((account) => account.name === 'web')
      if (account === undefined) throw new Error('there is no account web')
      const entry = entries.get(account.uid) ?? accountEntry(account, true)
      if (entry.account.resourceVersion !== account.resourceVersion) entry.isChanged = true
      entry.account = account
      entries.set(account.uid, entry)
      await sources?.assign([...entries.values()])
      return await createRounds(options)(entry)
    },
    restart() {
      entries.clear()
      sources?.restart()
    },
    secret,
    async values(name) {
      const found = await secret(name)
      if (found === undefined) return undefined
      const data = Object.entries((found['data'] ?? {}) as Readonly<Record<string, string>>)
      const texts = data.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()])
      return Object.fromEntries(texts)
    },
    version: async (name) => (await secret(name))?.metadata['resourceVersion'],
    async events() {
      const path = `/api/v1/namespaces/${namespace}/events`
      const { body } = expectSuccess(await api.call({ method: 'GET', path }))
      const all = body['items'] as readonly (KubeObject & Readonly<Record<string, string>>)[]
      const news = all.filter(({ metadata }) => !seenEvents.has(metadata['uid']))
      for (const { metadata } of news) seenEvents.add(metadata['uid'])
      return news
        .toSorted((a, b) => versionOf(a) - versionOf(b))
        .map(({ reason, message }) => `${reason}: ${message}`)
    },
  }
}

/** Resource versions are opaque to clients, but in practice they have etcd's order. */
const versionOf = ({ metadata }: KubeObject): number => Number(metadata['resourceVersion'])
