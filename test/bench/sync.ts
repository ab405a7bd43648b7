import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { FetchedSecret } from '../../keyvault/clients/object-client.ts'
import type { ObjectReference } from '../../keyvault/reference.ts'
import { systemClock } from '../../lib/clock.ts'
import { createLog } from '../../lib/log/log.ts'
import { connectCluster } from '../../sync/cluster/api-server.ts'
import { createEventBudget } from '../../sync/cluster/event-budget.ts'
import { startController } from '../../sync/controller.ts'
import { FairShares } from '../../sync/memory/fair-shares.ts'
import { SyncMetrics } from '../../sync/metrics/metrics.ts'
import { createTryLimit } from '../../sync/round/settle/try-limit.ts'
import { type ApiServer, startApiServer } from '../support/api-server/start-api-server.ts'
import { secretPagesOf } from '../support/secret-pages.ts'
import { freePace } from '../sync/harness/free-pace.ts'
import { noOutage } from '../sync/harness/no-outage.ts'
import { policy } from '../webhook/core/policy.ts'
import { type Bench, type Figure, milliseconds, printStep } from './bench.ts'

const namespace = 'team-a'
const clientId = '22222222-2222-2222-2222-222222222222'
/** The approximate response time of a vault. */
const vaultMs = 20
const restMs = 2_000
const rounds = 7

/** 40 certificates whose files need 100,000 rounds each, and 60 properties at a depth of 63 levels. */
const costlyPfx = readFileSync(
  join(import.meta.dirname, '../fixtures/content/chain-100000-rounds.pfx'),
).toString('base64')
const levels = Array.from({ length: 63 }, (_, i) => `s${i}`)
const deepJson = `{"pad":"${'x'.repeat(22_000)}",${levels
  .reduceRight((inner, name) => `{"${name}":${inner}}`, '"v"')
  .slice(1)}`
const hostileList = JSON.stringify([
  ...Array.from({ length: 40 }, (_, i) => ({ secret: `tls-${i}`, data: `tls/web-${i}` })),
  {
    secret: 'deep',
    data: Array.from({ length: 60 }, (_, i) => `k${i}=deep#${levels.join('.')}`).join(', '),
  },
])

/** Measures one controller, with an API server in the same process and a vault in memory. Accounts share one event loop. */
export const benchSync: Bench = async ({ isSmoke }) => {
  const names = Array.from({ length: isSmoke ? 5 : 50 }, (_, i) => `good-${i}`)
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-bench-'))
  const endings: (() => unknown)[] = [() => rmSync(folder, { recursive: true })]
  try {
    const apiServer = await startApiServer({
      testdir: () => folder,
      teardown: (end: () => unknown) => void endings.unshift(end),
    })
    const stop = startSync(apiServer, [...names, 'hostile'])
    endings.unshift(stop)
    await syncEach(apiServer, names)
    const alone: Times[] = []
    const again: Times[] = []
    const beside: Times[] = []
    const count = isSmoke ? 1 : rounds
    for (let round = 0; round < count; round++) {
      await delay(restMs)
      alone.push(await syncEach(apiServer, names))
      await delay(restMs)
      again.push(await syncEach(apiServer, names))
      const hostile = toggleHostile(apiServer)
      await delay(restMs)
      beside.push(await syncEach(apiServer, names))
      hostile.abort()
      printStep(`round ${round + 1} of ${count}`)
    }
    return figuresOf({ alone, again, beside })
  } finally {
    for (const end of endings) await end()
  }
}

function startSync(apiServer: ApiServer, names: readonly string[]): () => Promise<void> {
  process.env['KUBECONFIG'] = apiServer.kubeconfigFile
  const stop = new AbortController()
  const end = new AbortController()
  apiServer.rights.enable(namespace, names)
  const metrics = new SyncMetrics(() => true)
  const { ended } = startController({
    watch: 'cluster',
    kinds: [],
    cluster: connectCluster({ signal: end.signal }),
    outage: noOutage,
    policy,
    metrics,
    events: createEventBudget(systemClock),
    pace: freePace,
    memory: new FairShares({ maxBytes: 2 ** 30, namespaces: 1 }),
    tries: createTryLimit(systemClock),
    clock: systemClock,
    log: createLog({ level: 'error', write: () => undefined }),
    signal: stop.signal,
    openSession: () => ({
      signIn: { principal: 'bench', token: async () => 'token', forget: () => undefined },
      reader: { read, listVersions: async () => [], secretPages: () => secretPagesOf() },
    }),
  })
  return async () => {
    stop.abort()
    await ended()
    end.abort()
  }
}

let rotation = 0

async function read({ type, name }: ObjectReference): Promise<FetchedSecret> {
  await delay(vaultMs)
  const shared = { kind: 'secret', version: String(rotation).padStart(32, '0') } as const
  if (type === 'tls')
    return { ...shared, value: costlyPfx, contentType: 'application/x-pkcs12', isCertificate: true }
  const value = name === 'deep' ? deepJson : `value ${rotation}`
  return { ...shared, value, contentType: undefined, isCertificate: false }
}

const annotationsOf = (list: string) => ({
  'azure.workload.identity/client-id': clientId,
  'azure.workload.identity/tenant-id': clientId,
  'akv-injector.io/vault': namespace,
  'akv-injector.io/refresh': '1h',
  'akv-injector.io/sync': list,
  'akv-injector.io/sync-now': `${Math.random()}`,
})

/** Measures for one account after the other the milliseconds from its annotation to the new value in its Secret. */
async function syncEach(apiServer: ApiServer, names: readonly string[]): Promise<Times> {
  const times: number[] = []
  for (const name of names) {
    rotation += 1
    const wanted = Buffer.from(`value ${rotation}`).toString('base64')
    const list = `[{ secret: ${name}, data: "a=password, b=other" }]`
    const startedAt = performance.now()
    apiServer.accounts.put(namespace, name, annotationsOf(list))
    while (apiServer.secrets.get(`${namespace}/${name}`)?.data?.['a'] !== wanted) await delay(1)
    times.push(performance.now() - startedAt)
  }
  return times
}

/** Changes the account each time the controller has processed it. */
function toggleHostile(apiServer: ApiServer): AbortController {
  const stop = new AbortController()
  void (async () => {
    while (!stop.signal.aborted) {
      apiServer.accounts.put(namespace, 'hostile', annotationsOf(hostileList))
      await delay(restMs / 4)
    }
  })()
  return stop
}

/**
 * Compares each account with itself. Its time is the median over all rounds, because a single time is mostly chance: what
 * else the machine does, and the garbage collector. Two measurements without the hostile account show how much remains.
 */
function figuresOf(
  rounds: Record<'alone' | 'again' | 'beside', readonly Times[]>,
): readonly Figure[] {
  const alone = medians(rounds.alone)
  const beside = medians(rounds.beside)
  const ratios = (times: Times) => times.map((ms, i) => ms / (alone[i] ?? Number.NaN))
  const ratio = (value: number) => value.toFixed(2)
  return [
    { what: 'one account changes, until its Secret does', value: range(alone, milliseconds) },
    { what: 'the same beside a hostile account', value: range(beside, milliseconds) },
    { what: 'ratio of an account to itself', value: range(ratios(beside), ratio) },
    { what: 'the same without it, again', value: range(ratios(medians(rounds.again)), ratio) },
  ]
}

const medians = ([first = [], ...others]: readonly Times[]): Times =>
  first.map((ms, account) => quantile([ms, ...others.map((times) => times[account] ?? ms)], 0.5))

const range = (values: readonly number[], show: (value: number) => string): string =>
  `${show(quantile(values, 0.5))}, worst account ${show(quantile(values, 1))}`

const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(part * values.length) - 1] ?? Number.NaN

/** Milliseconds, one for each account. */
type Times = readonly number[]
