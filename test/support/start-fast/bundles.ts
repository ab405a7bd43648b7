import { statSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export const root = join(import.meta.dirname, '../../..')

const folder = join(root, '.tap/bundles')

/** npm writes it when it has installed something. */
const installed = join(root, 'node_modules/.package-lock.json')

/** Written when all bundles are complete. It also tells Node that they are modules. */
export const marker = join(folder, 'package.json')

/** The bundled packages. Those of one group share their dependencies. Others are loaded from `node_modules`. */
export const packages: readonly (readonly [string, ...string[]])[] = [
  ['tap'],
  [
    '@azure/identity',
    '@azure/keyvault-certificates',
    '@azure/keyvault-keys',
    '@azure/keyvault-secrets',
    '@kubernetes/client-node',
    '@peculiar/x509',
    'reflect-metadata',
    'commander',
    'fast-check',
    'fast-json-patch',
    'fastify',
    'jose',
    'leven',
    'node-forge/lib/asn1.js',
    'node-forge/lib/pkcs12.js',
    'node-forge/lib/pki.js',
    'node-forge/lib/rc2.js',
    'node-forge/lib/util.js',
    'p-limit',
    'prom-client',
    're2js',
    'yaml',
    'zod',
  ],
]

/** tap leaves its own frames out of the stacks that it reports. It knows them by this path. */
export const bundleOf = (name: string): string =>
  name === 'tap'
    ? join(folder, 'node_modules/tap/tap.js')
    : join(folder, `${name.replaceAll('/', '+').replace(/\.js$/, '')}.js`)

/** Whether the bundles were made after the packages were installed and this file was changed. */
export function areBundlesCurrent(): boolean {
  const [madeMs, ...changedMs] = [marker, installed, import.meta.filename].map(
    (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs,
  )
  return madeMs !== undefined && changedMs.every((atMs) => atMs !== undefined && atMs < madeMs)
}

/** The folder of the bundled programs, which `npm test` has just made. Without it, they run from their sources. */
export const programs = process.env['TEST_PROGRAMS']

const programOf = (bundled: string, source: string): string =>
  join(root, programs === undefined ? source : join(programs, bundled))

/** What a process of ours runs. */
export const program = programOf('main.js', 'cli/main.ts')

/** The agent by itself, which never makes room for a smaller process. */
export const agentProgram = programOf(
  'agent-process.mjs',
  'test/init-agent/harness/agent-process.ts',
)

/** Node's flags for these programs: from their sources, they load packages from their bundles, too. */
export const startsFast: readonly string[] =
  programs === undefined
    ? ['--import', pathToFileURL(join(import.meta.dirname, 'start-program-fast.ts')).href]
    : []
