import { execFileSync, spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bundle } from './bundle.ts'
import packageJson from './package.json' with { type: 'json' }

const root = import.meta.dirname

export interface ImageOptions {
  readonly tag: string
  /** Such as `linux/amd64,linux/arm64`: several make one manifest list. Default: this machine's. */
  readonly platform?: string
  /** What Node and its libraries are taken from, instead of the Containerfile's default. */
  readonly base?: string
}

/** Container engines in the order of preference: the first that works is taken, as one may be there without its daemon. */
const engines = ['buildah', 'podman', 'docker'] as const
type Engine = (typeof engines)[number]

/**
 * Builds the image of the Containerfile from what stands here: bundles, writes the bill of materials beside it, and
 * hands both to a container engine.
 *
 * @throws Error when no engine works, or the build fails
 */
export async function buildImage(options: ImageOptions): Promise<void> {
  const engine = engines.find(isWorking)
  if (engine === undefined)
    throw new Error(`an image is built by ${engines.join(', ')}: none of them works here`)
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  await bundle('dist')
  writeFileSync(join(root, 'dist/sbom.cdx.json'), billOfMaterials())
  const { status } = spawnSync(engine, buildArguments(engine, options, revision()), {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error(`${engine} could not build the image`)
}

/** What to call the engine with. The three agree on most of it. */
export function buildArguments(
  engine: Engine,
  { tag, platform, base }: ImageOptions,
  revision: string,
): string[] {
  const isList = platform?.includes(',') ?? false
  return [
    ...(engine === 'docker' ? ['buildx', 'build', '--load'] : ['build']),
    ...['--file', 'Containerfile'],
    ...['--build-arg', `VERSION=${packageJson.version}`],
    ...['--build-arg', `REVISION=${revision}`],
    ...(base === undefined ? [] : ['--build-arg', `BASE=${base}`]),
    ...(platform === undefined ? [] : ['--platform', platform]),
    // To buildah and podman a tag is of one image, and the second platform would take it from the first.
    ...[isList && engine !== 'docker' ? '--manifest' : '--tag', tag],
    '.',
  ]
}

const isWorking = (engine: Engine): boolean =>
  spawnSync(engine, ['info'], { stdio: 'ignore' }).status === 0

/** CycloneDX, by npm, of what is in the bundle; with Node, which npm sees as a tool of development. */
function billOfMaterials(): string {
  const bill = JSON.parse(
    execFileSync('npm', ['sbom', '--omit=dev', '--package-lock-only', '--sbom-format=cyclonedx'], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    }),
  )
  // npm names it after the folder.
  bill.metadata.component.name = packageJson.name
  bill.components.push({
    type: 'platform',
    name: 'node',
    version: process.versions.node,
    purl: `pkg:generic/node@${process.versions.node}`,
  })
  return `${JSON.stringify(bill, null, 1)}\n`
}

function revision(): string {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  })
  return status === 0 ? stdout.trim() : 'unknown'
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { tag: { type: 'string' }, platform: { type: 'string' }, base: { type: 'string' } },
  })
  const tag = `ghcr.io/akv-injector/akv-injector:${packageJson.version}`
  try {
    await buildImage({ tag, ...values })
  } catch (error) {
    console.error(`npm run image: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}
