import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Buildah {
  /** For files; it goes with the images. */
  readonly folder: string
  /** What has any call of buildah work on these images. */
  readonly env: NodeJS.ProcessEnv
  build(options: { readonly tags: readonly string[]; readonly context: string }): void
  /** Writes an archive for `ctr images import`. It knows one name of an image. */
  save(tag: string, archive: string): void
}

/** Runs with a buildah whose images are in a temporary folder, and which needs neither namespaces nor mounts. */
export function withBuildah(use: (buildah: Buildah) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-images-'))
  try {
    const storage = join(folder, 'storage.conf')
    const [graph, run] = ['graph', 'run'].map((name) => JSON.stringify(join(folder, name)))
    writeFileSync(storage, `[storage]\ndriver = "vfs"\ngraphroot = ${graph}\nrunroot = ${run}\n`)
    const env = {
      ...process.env,
      CONTAINERS_STORAGE_CONF: storage,
      STORAGE_DRIVER: 'vfs',
      BUILDAH_ISOLATION: 'chroot',
    }
    const buildah = (...args: readonly string[]) => execute('buildah', args, env)
    use({
      folder,
      env,
      build: ({ tags, context }) =>
        buildah('build', ...tags.map((tag) => `--tag=${tag}`), '--quiet', context),
      save: (tag, archive) =>
        // containerd would only have to unpack it again.
        buildah('push', '--quiet', '--disable-compression', tag, `oci-archive:${archive}:${tag}`),
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @throws Error with what the program said, when it fails */
export function execute(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): void {
  try {
    execFileSync(program, args, { env, stdio: 'pipe', maxBuffer: 64 * 1024 * 1024 })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as {
      stdout?: Buffer | string
      stderr?: Buffer | string
    }
    const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-20).join('\n')
    throw new Error(`${program} ${args[0] ?? ''} failed:\n${said}`)
  }
}

/** A new folder below another. */
export function contextFolder(folder: string, name: string): string {
  const path = join(folder, name)
  mkdirSync(path)
  return path
}
