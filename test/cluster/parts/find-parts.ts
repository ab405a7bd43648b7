import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { goBuild, goProblem } from './go-build.ts'
import { isProgram } from './is-program.ts'

/** The programs of a cluster: the folder of the modules that each is built from, and its package there. */
const sources = {
  etcd: ['kubernetes', 'go.etcd.io/etcd/server/v3'],
  'kube-apiserver': ['kubernetes', 'k8s.io/kubernetes/cmd/kube-apiserver'],
  'kube-controller-manager': ['kubernetes', 'k8s.io/kubernetes/cmd/kube-controller-manager'],
  'kube-scheduler': ['kubernetes', 'k8s.io/kubernetes/cmd/kube-scheduler'],
  kubelet: ['kubernetes', 'k8s.io/kubernetes/cmd/kubelet'],
  kubectl: ['kubernetes', 'k8s.io/kubernetes/cmd/kubectl'],
  containerd: ['containerd', 'github.com/containerd/containerd/v2/cmd/containerd'],
  'containerd-shim-runc-v2': [
    'containerd',
    'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
  ],
  ctr: ['containerd', 'github.com/containerd/containerd/v2/cmd/ctr'],
} as const satisfies Readonly<Record<string, readonly [Modules, string]>>
export type Modules = 'kubernetes' | 'containerd'
export type Part = keyof typeof sources
export type Parts<Name extends Part = Part> = Readonly<Record<Name, string>>

/** What an API server takes. */
export const apiServerParts = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const
/** What a node takes beside it, and who looks at its pods. */
export const nodeParts = [
  'kube-scheduler',
  'kubelet',
  'kubectl',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
] as const

export interface FindPartsOptions<Name extends Part = Part> {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Says what it is about to build, as that takes minutes. */
  readonly tell: (line: string) => void
  /** The programs that are wanted. */
  readonly names: readonly Name[]
}

/** The path of each program, or a sentence saying why there are none. */
export type FoundParts<Name extends Part = Part> =
  | { readonly parts: Parts<Name> }
  | { readonly problem: string }

/**
 * Each program from where it is found first: KUBEBUILDER_ASSETS (envtest's convention), PATH (but for a node's), our cache,
 * and else built into the cache. The cache's folders are named for the modules' versions, so a new version is built anew.
 */
export async function findParts<Name extends Part>(
  options: FindPartsOptions<Name>,
): Promise<FoundParts<Name>> {
  const { env, tell, names } = options
  const found = new Map<Name, string | undefined>(
    names.map((name) => [name, findProgram(name, env)]),
  )
  const missing = names.filter((name) => found.get(name) === undefined)
  if (missing.length > 0) {
    const problem = await goProblem(env)
    if (problem) return { problem: `${missing.join(', ')} can't be built: ${problem}. ${advice}` }
  }
  for (const name of missing) {
    const cache = cacheFolder(env, sources[name][0])
    tell(`building ${name}, which takes minutes the first time and is kept in ${cache}`)
    const problem = await build(name, cache, env)
    if (problem) return { problem: `${name} could not be built. ${advice}\n${problem}` }
    found.set(name, join(cache, name))
  }
  return { parts: Object.fromEntries(found) as Record<Name, string> }
}

/** `$XDG_CACHE_HOME`, or `~/.cache`; below it one folder for each set of versions. */
export function cacheFolder(env: FindPartsOptions['env'], modules: Modules): string {
  const { HOME = homedir(), XDG_CACHE_HOME = join(HOME, '.cache') } = env
  return join(XDG_CACHE_HOME, 'akv-injector', modulesHash(modules))
}

function findProgram(name: Part, env: FindPartsOptions['env']): string | undefined {
  const { KUBEBUILDER_ASSETS, PATH = '' } = env
  const given = KUBEBUILDER_ASSETS ? [KUBEBUILDER_ASSETS] : []
  // A containerd or kubectl there is of any age: that of Docker, or of somebody's other cluster.
  const onPath = isOfApiServer(name) ? PATH.split(delimiter).filter(Boolean) : []
  return [...given, ...onPath, cacheFolder(env, sources[name][0])]
    .map((folder) => join(folder, name))
    .find(isProgram)
}

const isOfApiServer = (name: Part) => (apiServerParts as readonly Part[]).includes(name)

/** Under its name only when it is whole: an interrupted build leaves nothing that would be taken for a program. */
async function build(
  name: Part,
  cache: string,
  env: FindPartsOptions['env'],
): Promise<string | undefined> {
  mkdirSync(cache, { recursive: true })
  const [modules, target] = sources[name]
  const unfinished = join(cache, `.${name}-${process.pid}`)
  const problem = await goBuild({
    folder: folderOf(modules),
    target,
    output: unfinished,
    tags: modules === 'containerd' ? 'no_btrfs,no_zfs,no_devmapper' : '',
    linkerFlags: versionFlags(kubernetesVersion()),
    env,
  })
  if (problem) return problem
  renameSync(unfinished, join(cache, name))
  return undefined
}

/** Without them a server calls itself v0.0.0, which clients take for one too old. */
function versionFlags(version: string): string {
  const [major, minor] = version.split('.')
  const values = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor }
  const flags = Object.entries(values).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  )
  return ['-s -w', ...flags].join(' ')
}

function kubernetesVersion(): string {
  const [, version] =
    /\sk8s\.io\/kubernetes v(\S+)/.exec(
      readFileSync(join(folderOf('kubernetes'), 'go.mod'), 'utf8'),
    ) ?? []
  if (!version) throw new Error('go.mod names no version of k8s.io/kubernetes')
  return version
}

function modulesHash(modules: Modules): string {
  const hash = createHash('sha256')
  const folder = folderOf(modules)
  for (const name of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, name)))
  return hash.digest('hex').slice(0, 16)
}

const folderOf = (modules: Modules) => join(import.meta.dirname, modules)
const advice =
  'Install Go 1.21 or later (it fetches what else it needs), or let KUBEBUILDER_ASSETS name a folder with these programs, or KUBECONFIG a cluster.'
