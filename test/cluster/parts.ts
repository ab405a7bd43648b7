import { createHash } from 'node:crypto'
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { goBuild, goProblem } from './go-build.ts'

/** The programs of a cluster, and the Go package of each. */
const packages = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
} as const
export type Part = keyof typeof packages
export type Parts = Readonly<Record<Part, string>>

export interface FindPartsOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Says what it is about to build, as that takes minutes. */
  readonly tell: (line: string) => void
  /** The programs that are wanted; all, unless told otherwise. */
  readonly names?: readonly Part[]
}

/** The path of each program, or a sentence saying why there are none. */
export type FoundParts = { readonly parts: Parts } | { readonly problem: string }

/**
 * Each program from where it is found first: KUBEBUILDER_ASSETS (envtest's convention), PATH, our cache, and else
 * built into the cache. The cache's folder is named for the modules' versions, so a new version is built anew.
 */
export async function findParts(options: FindPartsOptions): Promise<FoundParts> {
  const { env, tell, names = Object.keys(packages) as Part[] } = options
  const cache = cacheFolder(env)
  const found = new Map(names.map((name) => [name, findProgram(name, env, cache)]))
  const missing = names.filter((name) => found.get(name) === undefined)
  if (missing.length > 0) {
    const problem = await goProblem(env)
    if (problem) return { problem: `${missing.join(', ')} can't be built: ${problem}. ${advice}` }
  }
  for (const name of missing) {
    tell(`building ${name}, which takes minutes the first time and is kept in ${cache}`)
    const problem = await build(name, cache, env)
    if (problem) return { problem: `${name} could not be built. ${advice}\n${problem}` }
    found.set(name, join(cache, name))
  }
  return { parts: Object.fromEntries(found) as Record<Part, string> }
}

/** `$XDG_CACHE_HOME`, or `~/.cache`; below it one folder for each set of versions. */
export function cacheFolder(env: FindPartsOptions['env']): string {
  const { HOME = homedir(), XDG_CACHE_HOME = join(HOME, '.cache') } = env
  return join(XDG_CACHE_HOME, 'akv-injector', modulesHash())
}

function findProgram(name: Part, env: FindPartsOptions['env'], cache: string): string | undefined {
  const { KUBEBUILDER_ASSETS, PATH = '' } = env
  const given = KUBEBUILDER_ASSETS ? [KUBEBUILDER_ASSETS] : []
  return [...given, ...PATH.split(delimiter).filter(Boolean), cache]
    .map((folder) => join(folder, name))
    .find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Under its name only when it is whole: an interrupted build leaves nothing that would be taken for a program. */
async function build(
  name: Part,
  cache: string,
  env: FindPartsOptions['env'],
): Promise<string | undefined> {
  mkdirSync(cache, { recursive: true })
  const unfinished = join(cache, `.${name}-${process.pid}`)
  const problem = await goBuild({
    folder: modules,
    target: packages[name],
    output: unfinished,
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
    /\sk8s\.io\/kubernetes v(\S+)/.exec(readFileSync(join(modules, 'go.mod'), 'utf8')) ?? []
  if (!version) throw new Error('go.mod names no version of k8s.io/kubernetes')
  return version
}

function modulesHash(): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(modules).sort()) hash.update(readFileSync(join(modules, name)))
  return hash.digest('hex').slice(0, 16)
}

const modules = join(import.meta.dirname, 'parts/kubernetes')
const advice =
  'Install Go 1.21 or later (it fetches what else it needs), or let KUBEBUILDER_ASSETS name a folder with these programs, or KUBECONFIG a cluster.'
