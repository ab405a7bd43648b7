import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import packageJson from '../package.json' with { type: 'json' }
import { makeDist } from './make-dist.ts'

const root = join(import.meta.dirname, '..')

export interface ImageOptions {
  readonly tag: string
  /** Such as `linux/amd64,linux/arm64`; several platforms become one manifest list. Default: this machine's platform. */
  readonly platform?: string
  /** The base image with Node and its libraries, instead of the Containerfile's default. */
  readonly base?: string
  /** A folder that {@link makeDist} has made. Default: makes one. */
  readonly dist?: string
  /** The container engines to choose from. */
  readonly engines?: readonly Engine[]
  /** An empty folder for the image as an OCI layout. With docker, the image is then only there, not in docker's store. */
  readonly layout?: string
  /** A file to which the image's bill of materials is also written. */
  readonly bill?: string
}

/** Container engines in order of preference. The first that works is used: docker may be installed without its daemon. */
const allEngines = ['buildah', 'podman', 'docker'] as const
type Engine = (typeof allEngines)[number]

/**
 * Builds the image of the Containerfile from this checkout: bundles the program, writes the bill of materials and the
 * licences beside it, and runs a container engine.
 *
 * @returns the engine that has the image
 * @throws Error if no engine works, or the build fails
 */
export async function buildImage(options: ImageOptions): Promise<Engine> {
  const { engines = allEngines } = options
  const engine = engines.find(isWorking)
  if (engine === undefined)
    throw new Error(`none of ${engines.join(', ')} works here; install one to build the image`)
  // buildah and podman would append to a list of that name, and fail if an image has it.
  if (isList(options) && engine !== 'docker')
    for (const remove of [['manifest', 'rm'], ['rmi']])
      spawnSync(engine, [...remove, options.tag], { stdio: 'ignore' })
  await build(engine, options)
  if (options.layout !== undefined && engine !== 'docker')
    execFileSync(engine, layoutArguments({ ...options, layout: options.layout }), {
      stdio: ['ignore', process.stderr.fd, 'inherit'],
    })
  return engine
}

async function build(engine: Engine, options: ImageOptions): Promise<void> {
  await inBuildContext(options, (cwd) => {
    const { status } = spawnSync(engine, buildArguments(engine, options, revision()), {
      cwd,
      // Standard output is for results: the engine's steps go to standard error.
      stdio: ['ignore', process.stderr.fd, 'inherit'],
    })
    if (status !== 0) throw new Error(`${engine} could not build the image`)
  })
}

/**
 * Makes what the Containerfile takes, and runs a build there. It is a folder of its own, because `npm pack` and other builds may write
 * the checkout's `dist/` at the same time.
 *
 * @param run - takes the folder, which is removed afterwards
 */
export async function inBuildContext(
  { dist: given, bill }: Pick<ImageOptions, 'dist' | 'bill'>,
  run: (folder: string) => void,
): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), 'akv-injector-context-'))
  try {
    for (const name of ['Containerfile', 'LICENSE'])
      copyFileSync(join(root, name), join(context, name))
    const dist = join(context, 'dist')
    if (given === undefined) await makeDist(dist, process.versions.node)
    else cpSync(given, dist, { recursive: true })
    if (bill !== undefined) copyFileSync(join(dist, 'sbom.cdx.json'), bill)
    run(context)
  } finally {
    rmSync(context, { recursive: true, force: true })
  }
}

/** The arguments with which buildah and podman write an image as an OCI layout. */
function layoutArguments(options: ImageOptions & { readonly layout: string }): string[] {
  const { tag, layout } = options
  const push = isList(options) ? ['manifest', 'push', '--all'] : ['push']
  return [...push, '--quiet', tag, `oci:${layout}:${tag}`]
}

/**
 * The arguments for the engine. The three engines share most of them.
 *
 * @param revision - Git's name of the commit, with `-dirty` if the checkout has changes
 */
export function buildArguments(engine: Engine, options: ImageOptions, revision: string): string[] {
  const { tag, platform, base, layout } = options
  const isDocker = engine === 'docker'
  return [
    ...(isDocker ? ['buildx', 'build', ...dockerOutput(layout)] : ['build']),
    ...sharedArguments(base, revision),
    ...(isDocker ? ['--build-arg', 'SOURCE_DATE_EPOCH=0'] : reproducible),
    ...(platform === undefined ? [] : ['--platform', platform]),
    // For buildah and podman a tag is a single image: the second platform would take it from the first.
    ...[isList(options) && !isDocker ? '--manifest' : '--tag', tag],
    '.',
  ]
}

/** What every builder takes. */
export const sharedArguments = (base: string | undefined, revision: string): readonly string[] => [
  ...['--file', 'Containerfile'],
  ...['--build-arg', `VERSION=${packageJson.version}`],
  ...['--build-arg', `REVISION=${revision}`],
  ...['--build-arg', `NODE_VERSION=${process.versions.node}`],
  ...(base === undefined ? [] : ['--build-arg', `BASE=${base}`]),
]

/** Attestations say when the build ran, so a layout gets none. */
const dockerOutput = (layout: string | undefined): string[] =>
  layout === undefined
    ? ['--load']
    : ['--provenance=false', '--output', `type=oci,tar=false,dest=${layout}`]

/**
 * A fixed timestamp, so that two builds give the same bytes; a layer for each COPY, so that nodes keep the layer of Node
 * when only the program changes. With a cache, buildah and podman leave platforms out of a list:
 * https://github.com/containers/podman/issues/18723
 */
const reproducible = ['--layers', '--no-cache', '--timestamp', '0']

/** Whether the result is a manifest list, because the image has several platforms. */
const isList = ({ platform }: Pick<ImageOptions, 'platform'>): boolean =>
  platform?.includes(',') ?? false

const isWorking = (engine: Engine): boolean =>
  spawnSync(engine, ['info'], { stdio: 'ignore' }).status === 0

/** Git's name of the commit, with `-dirty` if the checkout has changes. */
export function revision(): string {
  const describe = ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*']
  const { status, stdout } = spawnSync('git', describe, { cwd: root, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : 'unknown'
}
