import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { createProgress } from '../../../lib/terminal/terminal-progress.ts'
import { goBuild, goProblem } from './go-build.ts'
import { isProgram } from './is-program.ts'
import { versionToBuild } from './kubernetes-versions.ts'

/** The programs of a cluster: for each the folder of its Go module, and its package. */
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

/** The programs that a cluster without a node needs. */
export const apiServerParts = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const
/** The further programs that a node and its tests need. */
export const nodeParts = [
  'kube-scheduler',
  'kubelet',
  'kubectl',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
] as const

type Environment = Readonly<Record<string, string | undefined>>

export interface FindPartsOptions<Name extends Part = Part> {
  /** `CLUSTER_KUBERNETES_VERSION` chooses the version of Kubernetes. */
  readonly env: Environment
  /** Called before each build, because a build takes minutes. */
  readonly log: (line: string) => void
  /** The programs to find. */
  readonly names: readonly Name[]
}

/** The path of each program, or the reason why one can't be had. */
export type FoundParts<Name extends Part = Part> = Parsed<Parts<Name>>

/**
 * Looks for each program in KUBEBUILDER_ASSETS (envtest's convention), in PATH (not for a node's programs) and in our
 * cache, and else builds it into the cache. A cache folder is named after a hash of the Go module, so a new version is built.
 */
export async function findParts<Name extends Part>(
  options: FindPartsOptions<Name>,
): Promise<FoundParts<Name>> {
  const { env, log, names } = options
  const found = new Map<Name, string | undefined>(
    names.map((name) => [name, findProgram(name, env)]),
  )
  const missing = names.filter((name) => found.get(name) === undefined)
  if (missing.length > 0) {
    const problem = await goProblem(env)
    if (problem) return invalid(`${missing.join(', ')} can't be built: ${problem}. ${advice}`)
  }
  const progress = createProgress()
  for (const [index, name] of missing.entries()) {
    const cache = cacheFolder(env, sources[name][0])
    log(`building ${name} into ${cache}, which takes minutes the first time`)
    progress.show(`building ${name}, ${index + 1} of ${missing.length}`)
    const problem = await build(name, cache, env).finally(progress.hide)
    if (problem) return invalid(`${name} could not be built. ${advice}\n${problem}`)
    found.set(name, join(cache, name))
  }
  return valid(Object.fromEntries(found) as Record<Name, string>)
}

/** Returns the folder for the programs of a Go module, in `$XDG_CACHE_HOME` or `~/.cache`. */
export function cacheFolder(env: Environment, modules: Modules): string {
  const { HOME = homedir(), XDG_CACHE_HOME = join(HOME, '.cache') } = env
  return join(XDG_CACHE_HOME, 'akv-injector', folderHash(folderOf(modules, env)))
}

function findProgram(name: Part, env: Environment): string | undefined {
  const { KUBEBUILDER_ASSETS, PATH = '' } = env
  const given = KUBEBUILDER_ASSETS ? [KUBEBUILDER_ASSETS] : []
  // PATH can have a containerd or kubectl of any version, such as Docker's.
  const onPath = isOfApiServer(name) ? PATH.split(delimiter).filter(Boolean) : []
  return [...given, ...onPath, cacheFolder(env, sources[name][0])]
    .map((folder) => join(folder, name))
    .find(isProgram)
}

const isOfApiServer = (name: Part) => (apiServerParts as readonly Part[]).includes(name)

/** The program gets its name when the build is complete, so an interrupted build is never taken for a program. */
async function build(name: Part, cache: string, env: Environment): Promise<string | undefined> {
  mkdirSync(cache, { recursive: true })
  const [modules, target] = sources[name]
  const unfinished = join(cache, `.${name}-${process.pid}`)
  const folder = folderOf(modules, env)
  const problem = await goBuild({
    folder,
    target,
    output: unfinished,
    tags: modules === 'containerd' ? 'no_btrfs,no_zfs,no_devmapper' : '',
    linkerFlags: modules === 'kubernetes' ? versionFlags(releaseIn(folder)) : '-s -w',
    env,
  })
  if (problem) return problem
  renameSync(unfinished, join(cache, name))
  return undefined
}

/** Without these flags a server reports version v0.0.0, and clients consider it too old. */
function versionFlags(version: string): string {
  const [major, minor] = version.split('.')
  const values = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor }
  const flags = Object.entries(values).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  )
  return ['-s -w', ...flags].join(' ')
}

/** Returns the release of Kubernetes in a go.mod, such as `1.36.3`. */
function releaseIn(folder: string): string {
  const goMod = readFileSync(join(folder, 'go.mod'), 'utf8')
  const [, release] = /\sk8s\.io\/kubernetes v(\S+)/.exec(goMod) ?? []
  if (!release) throw new Error('go.mod has no version of k8s.io/kubernetes')
  return release
}

function folderHash(folder: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, name)))
  return hash.digest('hex').slice(0, 16)
}

const folderOf = (modules: Modules, env: Environment): string =>
  modules === 'kubernetes'
    ? join(import.meta.dirname, modules, versionToBuild(env))
    : join(import.meta.dirname, modules)
const advice =
  'Install Go 1.21 or later (it downloads the version it needs), or set KUBEBUILDER_ASSETS to a folder with these programs, or KUBECONFIG to a cluster.'
