import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Api, connect } from './api.ts'
import { startCluster } from './api-server.ts'
import { clusterOf } from './cluster.ts'
import { install, uninstall } from './install.ts'
import { keep, temporaryFolder } from './keep.ts'
import { readKubeconfig } from './kubeconfig.ts'
import { must } from './must.ts'
import { findParts } from './parts.ts'

/**
 * `npm run cluster:test [-- --required] [FILE…]`: the tests that need an API server, against the cluster that
 * KUBECONFIG names or a local one. Where there can be none it says why and ends well; with --required it fails.
 */

const root = join(import.meta.dirname, '../..')
const args = process.argv.slice(2)
const files = args.filter((arg) => arg !== '--required')
const tell = (line: string) => console.log(`cluster tests: ${line}`)

async function main(): Promise<number> {
  const { KUBECONFIG } = process.env
  if (KUBECONFIG) {
    const { server } = readKubeconfig(KUBECONFIG)
    tell(
      `on the cluster of KUBECONFIG, ${server.href}, into which akv-injector is installed for them`,
    )
    return await runInstalled(KUBECONFIG, {})
  }
  const found = await findParts({ env: process.env, tell })
  if ('problem' in found) {
    tell(`skipped, as there is no API server to run them on. ${found.problem}`)
    return args.includes('--required') ? 1 : 0
  }
  const folder = temporaryFolder()
  try {
    const cluster = await startCluster(found.parts, folder.path)
    try {
      const env = { CLUSTER_AUDIT_LOG: cluster.auditLogFile }
      return await runInstalled(cluster.kubeconfigFile, env)
    } finally {
      await cluster.stop()
    }
  } finally {
    folder.remove()
  }
}

async function runInstalled(kubeconfigFile: string, env: Readonly<Record<string, string>>) {
  const api = connect(kubeconfigFile)
  await checkVersion(api)
  const cluster = clusterOf(api)
  await install(cluster)
  try {
    return await runTests({ ...process.env, ...env, KUBECONFIG: kubeconfigFile })
  } finally {
    await uninstall(cluster)
    cluster.close()
  }
}

/** Older API servers drop `fileKeyRef` without a word, and half of the tests would fail without saying why. */
async function checkVersion(api: Api): Promise<void> {
  const { body } = must(await api.call({ method: 'GET', path: '/version' }))
  const [minor] = String(body['minor']).split('+')
  if (body['major'] !== '1' || Number(minor) < 35)
    throw new Error(`the API server is ${body['gitVersion']}; akv-injector needs 1.35 or later`)
}

/** One file after the other, as each serves the one webhook that the cluster knows. */
async function runTests(env: NodeJS.ProcessEnv): Promise<number> {
  const tap = join(root, 'node_modules/.bin/tap')
  const wanted = files.length > 0 ? files : allFiles()
  const kept = keep({
    program: process.execPath,
    args: [tap, '--jobs=1', '--disable-coverage', ...wanted],
    env,
  })
  // We end when the tests have, and have uninstalled; before that, nothing of ours needs undoing.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => kept.kill())
  return (await kept.ended) ?? 1
}

const allFiles = () =>
  readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test/cluster', name))

process.exitCode = await main().catch((error: unknown) => {
  console.error(`cluster tests: ${error instanceof Error ? error.message : String(error)}`)
  return 1
})
