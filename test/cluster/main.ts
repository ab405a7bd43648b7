import { join } from 'node:path'
import { reasonOf } from '../../lib/reason-of.ts'
import { connect } from './client/api.ts'
import { type Cluster, clusterOf, until } from './client/cluster.ts'
import { fastStartVariable } from './client/env-support.ts'
import { readKubeconfig } from './client/kubeconfig.ts'
import { type LocalCluster, startCluster } from './harness/control-plane/start-cluster.ts'
import { install, uninstall } from './harness/install/install.ts'
import { startOwnedProcess } from './harness/owned-process.ts'
import { issuerKeysBinding } from './harness/publish-issuer-keys.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'
import { type PodsOptions, startPods } from './node/harness/start-pods.ts'
import { type FoundNode, findNode } from './node/machine/find-node.ts'
import { type LeftoversOptions, leftovers } from './node/machine/leftovers.ts'
import { createNetwork, type Network } from './node/machine/network.ts'
import { apiServerParts, findParts, type Parts } from './parts/find-parts.ts'
import { findPrometheus } from './parts/find-prometheus.ts'
import { versionVariable } from './parts/kubernetes-versions.ts'
import { type ClusterTestArguments, readArguments } from './read-arguments.ts'
import { lanesOf, type TestFiles, testFiles } from './test-files.ts'

/**
 * `npm run cluster:test [-- --required] [--kubernetes VERSION] [FILE…]`: runs the tests that need an API server, on the
 * cluster that KUBECONFIG names or on a local one. If neither is possible, it prints why and succeeds; with --required it
 * fails.
 * `npm run cluster:bench [-- --smoke]`: runs a program that isn't a test in the same way.
 */

const root = join(import.meta.dirname, '../..')
const log = (line: string) => console.log(`cluster tests: ${line}`)
const { required, kubernetes, fastStart, files: named, others } = argumentsOrExit()
if (kubernetes) process.env[versionVariable] = kubernetes
if (fastStart) process.env[fastStartVariable] = 'true'
// The tests then fail, too, if something that they need is missing.
if (required) process.env['CI'] = 'true'

async function main(): Promise<number> {
  const files = testFiles(named)
  const { KUBECONFIG } = process.env
  if (KUBECONFIG) {
    const { server } = readKubeconfig(KUBECONFIG)
    log(
      `using the cluster of KUBECONFIG, ${server.href}; akv-injector is installed there for the tests`,
    )
    const code = await interruptible((interrupted) =>
      runInstalled(files.plain, KUBECONFIG, { env: {}, interrupted }),
    )
    if (files.onNode.length === 0) return code
    const why = 'skipping the tests with pods: they need a node of their own, without KUBECONFIG'
    return skipped(why) || code
  }
  const found = await findParts({ env: process.env, log, names: apiServerParts })
  if (found.kind === 'invalid')
    return skipped(`skipped, because no API server is available. ${found.problem}`)
  const node =
    files.onNode.length > 0
      ? await findNode({ env: process.env, log, install: required })
      : undefined
  const code =
    node?.kind === 'invalid'
      ? skipped(`skipping the tests with pods, because no node is available. ${node.problem}`)
      : providePrometheus(files.onNode)
  if (code) return code
  const foundNode = node?.kind === 'valid' ? node.value : undefined
  return await interruptible((interrupted) =>
    runLocally(files, { parts: found.value, node: foundNode, interrupted }),
  )
}

function argumentsOrExit(): ClusterTestArguments {
  try {
    return readArguments(process.argv.slice(2))
  } catch (error) {
    log(reasonOf(error))
    process.exit(1)
  }
}

/** Finds Prometheus for the tests that need it. */
function providePrometheus(files: readonly string[]): number {
  if (!files.some((file) => file.includes('node/monitoring/'))) return 0
  const found = findPrometheus({ env: process.env, log, install: required })
  if (found.kind === 'invalid') return skipped(`skipping the test of the alerts. ${found.problem}`)
  process.env['PROMETHEUS'] = found.value
  return 0
}

function skipped(why: string): number {
  log(why)
  return required ? 1 : 0
}

/**
 * The tests with pods have clusters of their own: a node would run the pods that the other tests only admit. All lanes run at
 * once, and share the machine well, because they mostly wait.
 */
async function runLocally(
  files: TestFiles,
  options: {
    readonly parts: Parts<(typeof apiServerParts)[number]>
    readonly node: FoundNode | undefined
    readonly interrupted: AbortSignal
  },
): Promise<number> {
  const { parts, node, interrupted } = options
  const runPlain = (lane: readonly string[]) =>
    onLocalCluster(parts, undefined, (local) =>
      runInstalled(lane, local.kubeconfigFile, testOptions(local, interrupted)),
    )
  const runPods = async (lane: readonly string[], found: FoundNode) => {
    const network = await createNetwork()
    return await onLocalCluster(parts, network, (local, folder) =>
      runOnNode(lane, { local, folder, network, found }, testOptions(local, interrupted)),
    )
  }
  const ended = await Promise.allSettled([
    ...lanesOf(files.plain).map(runPlain),
    ...(node ? lanesOf(files.onNode).map((lane) => runPods(lane, node)) : []),
  ])
  const failure = ended.find((end) => end.status === 'rejected')
  if (failure) throw failure.reason
  return ended.every((end) => end.status === 'fulfilled' && end.value === 0) ? 0 : 1
}

const testOptions = ({ auditLogFile }: LocalCluster, interrupted: AbortSignal): TestOptions => ({
  env: { CLUSTER_AUDIT_LOG: auditLogFile },
  interrupted,
})

/** Starts a cluster, and removes it with its network when `run` has ended. */
async function onLocalCluster(
  parts: Parts<(typeof apiServerParts)[number]>,
  network: Network | undefined,
  run: (local: LocalCluster, folder: string) => Promise<number>,
): Promise<number> {
  const { path: folder, remove } = temporaryFolder()
  let local: LocalCluster | undefined
  try {
    local = await startCluster({ parts, folder, network })
    return await run(local, folder)
  } finally {
    await local?.stop()
    await network?.remove()
    remove()
    if (network) await checkNothingLeft({ name: network.name, folder })
  }
}

/** Processes that were killed take a moment to end. */
const checkNothingLeft = (options: LeftoversOptions) =>
  until(async () => leftovers(options).length === 0, 5_000).catch(() => {
    throw new Error(
      `these parts of the node are still on this machine:\n${leftovers(options).join('\n')}`,
    )
  })

interface TestOptions {
  /** Variables for the tests. */
  readonly env: Readonly<Record<string, string>>
  readonly interrupted: AbortSignal
}

async function runInstalled(
  files: readonly string[],
  kubeconfigFile: string,
  { env, interrupted }: TestOptions,
): Promise<number> {
  if (files.length === 0) return 0
  const cluster = clusterOf(connect(kubeconfigFile))
  const version = await supportedVersion(cluster)
  await install(cluster)
  try {
    const all = { ...env, KUBECONFIG: kubeconfigFile, [versionVariable]: version }
    return await runTests(files, { env: all, interrupted })
  } finally {
    await uninstall(cluster, [issuerKeysBinding])
    cluster.close()
  }
}

async function runOnNode(
  files: readonly string[],
  options: Omit<PodsOptions, 'cluster'>,
  { env, interrupted }: TestOptions,
): Promise<number> {
  const { kubeconfigFile } = options.local
  const cluster = clusterOf(connect(kubeconfigFile))
  const version = await supportedVersion(cluster)
  const pods = await startPods({ ...options, cluster })
  try {
    const CLUSTER_NODE = JSON.stringify(pods.environment)
    const all = { ...env, CLUSTER_NODE, KUBECONFIG: kubeconfigFile, [versionVariable]: version }
    return await runTests(files, { env: all, interrupted })
  } finally {
    await pods.stop()
    cluster.close()
  }
}

/** @throws Error if akv-injector doesn't support the cluster's version, or if it isn't the requested one */
async function supportedVersion(cluster: Cluster): Promise<string> {
  const version = await cluster.version()
  if (Number(version.split('.')[1]) < 33)
    throw new Error(`the API server is ${version}; akv-injector needs 1.33 or later`)
  if (kubernetes && version !== kubernetes)
    throw new Error(
      `the API server is ${version} instead of ${kubernetes}; unset KUBECONFIG and KUBEBUILDER_ASSETS, and remove kube-apiserver from PATH`,
    )
  return version
}

/** Lets a Ctrl-C end the tests but not this process, which uninstalls akv-injector first. */
async function interruptible(run: (interrupted: AbortSignal) => Promise<number>) {
  const interruption = new AbortController()
  const interrupt = () => interruption.abort()
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, interrupt)
  try {
    return await run(interruption.signal)
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, interrupt)
  }
}

/** Runs one file after the other, because each serves the one webhook of the cluster. */
async function runTests(files: readonly string[], { env, interrupted }: TestOptions) {
  if (interrupted.aborted) return 1
  const tap = [
    join(root, 'node_modules/.bin/tap'),
    '--jobs=1',
    // Only a file that hangs takes this long. The others need far less, even beside other clusters on two busy cores.
    `--timeout=${1800 + Number(process.env['SOAK_SECONDS'] ?? 0)}`,
    '--disable-coverage',
  ]
  const areTests = files.every((name) => name.endsWith('.test.ts'))
  const child = startOwnedProcess({
    program: process.execPath,
    args: areTests ? [...tap, ...files] : [...files, ...others],
    env: { ...process.env, ...env },
  })
  interrupted.addEventListener('abort', () => child.kill())
  return (await child.ended) ?? 1
}

const code = await main().catch((error: unknown) => {
  console.error(`cluster tests: ${reasonOf(error)}`)
  return 1
})
// Explicitly: after an error, an open handle could keep Node running.
process.exit(code)
