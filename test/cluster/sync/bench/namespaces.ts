// npm run cluster:test -- test/cluster/sync/bench/namespaces.ts [--record]: prints what the controller takes with few and with
// many namespaces that have the same number of accounts and Secrets, and the ratio of both. It fails if a ratio is more than
// twice the one in test/bench/ratios.json; --record writes them there. Compare figures only within one run.
// --fleets=20x50x1,1000x1x1: namespaces, accounts in each, and Secrets of each account. --namespaces: with one watch for each
// namespace instead of one for the cluster.

import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { bundle } from '../../../../image/bundle.ts'
import { type Figure, mebibytes, milliseconds, printFigures } from '../../../bench/bench.ts'
import { recordOrCompare } from '../../../bench/record.ts'
import { connect } from '../../client/api.ts'
import { clusterOf } from '../../client/cluster.ts'
import { publishIssuerKeys } from '../../harness/publish-issuer-keys.ts'
import { temporaryFolder } from '../../harness/temporary-folder.ts'
import { type ControllerProcess, startControllerProcess } from './controller-process.ts'
import { type Fleet, secretCount } from './fleet.ts'
import { applyAccounts, createNamespaces } from './install-fleet.ts'
import { serveFleet } from './serve-fleet.ts'

const named = process.argv.find((arg) => arg.startsWith('--fleets='))?.slice('--fleets='.length)
const shapes = (named ?? '20x500x1,2000x5x1')
  .split(',')
  .map((shape) => shape.split('x').map(Number))
const flags = process.argv.includes('--namespaces') ? ['--watch=namespaces'] : []
const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const api = connect(kubeconfigFile)
const cluster = clusterOf(api)
const { path: folder, remove } = temporaryFolder()
const program = join(folder, 'dist')
await bundle(program)
await publishIssuerKeys(cluster)

/** What one controller takes. */
interface Taken {
  readonly readyMs: number
  readonly syncedMs: number
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly longestBlockMs: number
  readonly connections: number
  readonly otherConnections: number
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
const figuresOf = (taken: Taken): readonly Figure[] => [
  { what: 'from the start of the process until it is ready', value: seconds(taken.readyMs) },
  { what: 'until all Secrets are in sync', value: seconds(taken.syncedMs) },
  { what: 'CPU', value: `${taken.cpuSeconds.toFixed(1)} s` },
  { what: 'longest turn of the event loop', value: milliseconds(taken.longestBlockMs) },
  { what: 'connections to the API server, at most', value: String(taken.connections) },
  { what: 'to vaults and Entra, at most', value: String(taken.otherConnections) },
  { what: 'resident memory, peak', value: mebibytes(taken.residentBytes) },
]

const all: Taken[] = []
try {
  for (const [namespaces = 0, accountsEach = 0, secretsEach = 0] of shapes)
    all.push(await measure({ namespaces, accountsEach, secretsEach }))
  const [few, many] = all
  if (few && many) {
    const figures = ratios(few, many)
    printFigures('the last in parts of the first', figures)
    // Other numbers of namespaces have other ratios.
    if (named === undefined && flags.length === 0)
      process.exitCode = recordOrCompare(new Map([['sync-namespaces', figures]]), {
        args: process.argv,
        renew: 'npm run cluster:test -- test/cluster/sync/bench/namespaces.ts --record',
      })
  }
} finally {
  cluster.close()
  remove()
}

async function measure(shape: {
  readonly namespaces: number
  readonly accountsEach: number
  readonly secretsEach: number
}): Promise<Taken> {
  const namespaces = await createNamespaces(cluster, shape.namespaces)
  const fleet: Fleet = { ...shape, namespaces, objectsEach: 1 }
  const { env, end } = await serveFleet({ api, cluster, kubeconfigFile, folder }, fleet)
  const start = () =>
    startControllerProcess({ program: join(program, 'main.js'), flags, env, folder })
  try {
    await applyAccounts(cluster, fleet, '1h')
    const what = `${shape.namespaces} namespaces, ${secretCount(fleet)} Secrets`
    const first = await start()
    printFigures(`${what}: the first sync`, figuresOf(await untilSynced(first, fleet)))
    await first.stop()
    const second = await start()
    const taken = await untilSynced(second, fleet)
    printFigures(`${what}: after a restart`, figuresOf(taken))
    await second.stop()
    return taken
  } finally {
    await end()
  }
}

async function untilSynced(controller: ControllerProcess, fleet: Fleet): Promise<Taken> {
  const sinceStartMs = () => performance.now() - controller.startedAtMs
  while (!(await controller.isReady())) await delay(50)
  const readyMs = sinceStartMs()
  const synced = () => controller.metric('akv_injector_sync_secrets', 'state="synced"')
  let connections = 0
  let otherConnections = 0
  while ((await synced()) < secretCount(fleet)) {
    const { toApiServer, toOthers } = controller.connections()
    connections = Math.max(connections, toApiServer)
    otherConnections = Math.max(otherConnections, toOthers)
    await delay(500)
  }
  const { residentBytes } = controller.memory()
  const { longestBlockMs } = await controller.loop()
  const cpuSeconds = controller.cpuSeconds()
  const syncedMs = sinceStartMs()
  return {
    readyMs,
    syncedMs,
    cpuSeconds,
    residentBytes,
    longestBlockMs,
    connections,
    otherConnections,
  }
}

function ratios(few: Taken, many: Taken): readonly Figure[] {
  const compared = {
    readyMs: 'time until it is ready',
    syncedMs: 'time until all Secrets are in sync',
    cpuSeconds: 'CPU',
    residentBytes: 'memory',
    connections: 'connections to the API server',
  } as const
  const what = '2,000 namespaces instead of 20'
  return (Object.keys(compared) as (keyof typeof compared)[]).map((key) => {
    const ratio = many[key] / few[key]
    const name = compared[key]
    return { what: name, value: ratio.toFixed(2), ratios: { [what]: ratio } }
  })
}
