import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Api, connect } from './client/api.ts'
import { clusterOf, until } from './client/cluster.ts'
import { expectSuccess } from './client/expect-success.ts'
import { readKubeconfig } from './client/kubeconfig.ts'
import { install, uninstall, untilGone } from './harness/install.ts'
import { startOwnedProcess } from './harness/owned-process.ts'
import { issuerKeysBinding } from './harness/publish-issuer-keys.ts'
import { type LocalCluster, startCluster } from './harness/start-cluster.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'
import { type PodsOptions, startPods } from './node/harness/start-pods.ts'
import { type FoundNode, findNode } from './node/machine/find-node.ts'
import { type LeftoversOptions, leftovers } from './node/machine/leftovers.ts'
import { createNetwork } from './node/machine/network.ts'
import { apiServerParts, findParts, type Parts } from './parts/find-parts.ts'

/**
 * `npm run cluster:test [-- --required] [FILE…]`: the tests that need an API server, against the cluster that
 * KUBECONFIG names or a local one. Where there can be none it says why and ends well; with --required it fails.
 * `npm run cluster:bench [-- --smoke]`: the same for a program that isn't a test.
 */

const root = join(import.meta.dirname, '../..')
const args = process.argv.slice(2)
const isOption = (arg: string) => arg.startsWith('--')
const required = args.includes('--required')
const tell = (line: string) => console.log(`cluster tests: ${line}`)

async function main(): Promise<number> {
  const files = wantedFiles(args.filter((arg) => !isOption(arg)))
  const { KUBECONFIG } = process.env
  if (KUBECONFIG) {
    const { server } = readKubeconfig(KUBECONFIG)
    tell(
      `on the cluster of KUBECONFIG, ${server.href}, into which akv-injector is installed for them`,
    )
    const code = files.plain.length ? await runInstalled(files.plain, KUBECONFIG, {}) : 0
    if (files.onNode.length === 0) return code
    const why = 'those with pods are skipped: they run on a node of their own, without KUBECONFIG'
    return skipped(why) || code
  }
  const found = await findParts({ env: process.env, tell, names: apiServerParts })
  if ('problem' in found)
    return skipped(`skipped, as there is no API server to run them on. ${found.problem}`)
  const node =
    files.onNode.length > 0
      ? await findNode({ env: process.env, tell, install: required })
      : undefined
  const code =
    node && 'problem' in node
      ? skipped(`those with pods are skipped, as there is no node. ${node.problem}`)
      : 0
  return (
    code || (await runLocally(files, found.parts, node && 'problem' in node ? undefined : node))
  )
}

function skipped(why: string): number {
  tell(why)
  return required ? 1 : 0
}

interface Files {
  readonly plain: readonly string[]
  readonly onNode: readonly string[]
}

/** The tests that are named, or all. Those in the folder `node` need one. */
function wantedFiles(named: readonly string[]): Files {
  const all = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test/cluster', name))
    .sort()
  const wanted = named.length > 0 ? named : all
  const isOnNode = (name: string) => name.includes('cluster/node/')
  return {
    plain: wanted.filter((name) => !isOnNode(name)),
    onNode: wanted.filter(isOnNode),
  }
}

/** Those with pods come last: a node would run what the others only admit. */
async function runLocally(
  files: Files,
  parts: Parts<(typeof apiServerParts)[number]>,
  node: FoundNode | undefined,
): Promise<number> {
  const { path: folder, remove } = temporaryFolder()
  const network = node && (await createNetwork())
  let local: LocalCluster | undefined
  try {
    local = await startCluster({ parts, folder, network })
    const env = { CLUSTER_AUDIT_LOG: local.auditLogFile }
    const code = files.plain.length ? await runInstalled(files.plain, local.kubeconfigFile, env) : 0
    if (!node || !network) return code
    return (await runOnNode(files.onNode, { local, folder, network, found: node }, env)) || code
  } finally {
    await local?.stop()
    await network?.remove()
    remove()
    if (network) await checkNothingLeft({ name: network.name, folder })
  }
}

/** What was killed takes a moment to be gone. */
const checkNothingLeft = (options: LeftoversOptions) =>
  until(async () => leftovers(options).length === 0, 5_000).catch(() => {
    throw new Error(`the node is still on this machine:\n${leftovers(options).join('\n')}`)
  })

async function runInstalled(files: readonly string[], kubeconfigFile: string, env: Environment) {
  const api = connect(kubeconfigFile)
  await checkVersion(api)
  const cluster = clusterOf(api)
  return await interruptible(async (interrupted) => {
    await install(cluster)
    try {
      return await runTests(files, { ...env, KUBECONFIG: kubeconfigFile }, interrupted)
    } finally {
      await uninstall(cluster, [issuerKeysBinding])
      cluster.close()
    }
  })
}

async function runOnNode(
  files: readonly string[],
  options: Omit<PodsOptions, 'cluster'>,
  env: Environment,
) {
  const { kubeconfigFile } = options.local
  const cluster = clusterOf(connect(kubeconfigFile))
  await untilGone(cluster)
  const pods = await startPods({ ...options, cluster })
  try {
    const CLUSTER_NODE = JSON.stringify(pods.environment)
    const all = { ...env, CLUSTER_NODE, KUBECONFIG: kubeconfigFile }
    return await interruptible((interrupted) => runTests(files, all, interrupted))
  } finally {
    await pods.stop()
    cluster.close()
  }
}

/** Older API servers drop `fileKeyRef` without a word, and half of the tests would fail without saying why. */
async function checkVersion(api: Api): Promise<void> {
  const { body } = expectSuccess(await api.call({ method: 'GET', path: '/version' }))
  const [minor] = String(body['minor']).split('+')
  if (body['major'] !== '1' || Number(minor) < 35)
    throw new Error(`the API server is ${body['gitVersion']}; akv-injector needs 1.35 or later`)
}

/** A Ctrl-C ends the tests, and not us: we end when what was installed for them has gone. */
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

/** One file after the other, as each serves the one webhook that the cluster knows. */
async function runTests(files: readonly string[], env: Environment, interrupted: AbortSignal) {
  if (interrupted.aborted) return 1
  const tap = [
    join(root, 'node_modules/.bin/tap'),
    '--jobs=1',
    '--timeout=600',
    '--disable-coverage',
  ]
  const areTests = files.every((name) => name.endsWith('.test.ts'))
  const child = startOwnedProcess({
    program: process.execPath,
    args: areTests ? [...tap, ...files] : [...files, ...args.filter(isOption)],
    env: { ...process.env, ...env },
  })
  interrupted.addEventListener('abort', () => child.kill())
  return (await child.ended) ?? 1
}

type Environment = Readonly<Record<string, string>>

const code = await main().catch((error: unknown) => {
  console.error(`cluster tests: ${error instanceof Error ? error.message : String(error)}`)
  return 1
})
// Not by itself: what went wrong may have left something that would keep Node alive.
process.exit(code)
