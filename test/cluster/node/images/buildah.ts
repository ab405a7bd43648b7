import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../../harness/temporary-folder.ts'
import { executeApart } from '../machine/execute.ts'

export interface Buildah {
  /** A temporary folder, which is removed together with the images. */
  readonly folder: string
  /** The environment with which buildah uses these images. */
  readonly env: NodeJS.ProcessEnv
  /** @param context - a folder with a Containerfile */
  build(tag: string, context: string): void
  /** Writes an archive for `ctr images import`. */
  save(tag: string, archive: string): void
}

/** Calls `use` with a buildah whose images are in a temporary folder. */
export function withBuildah(use: (buildah: Buildah) => void): void {
  const { path: folder, remove } = temporaryFolder()
  try {
    const storage = join(folder, 'storage.conf')
    const [graph, run] = ['graph', 'run'].map((name) => JSON.stringify(join(folder, name)))
    writeFileSync(
      storage,
      `[storage]\ndriver = "overlay"\ngraphroot = ${graph}\nrunroot = ${run}\n`,
    )
    const env = {
      ...process.env,
      CONTAINERS_STORAGE_CONF: storage,
      // Works inside a container: no further namespaces and no network.
      BUILDAH_ISOLATION: 'chroot',
    }
    use({
      folder,
      env,
      build: (tag, context) =>
        executeApart('buildah', ['build', '--quiet', '--tag', tag, context], env),
      save: (tag, archive) =>
        executeApart('buildah', ['push', '--quiet', tag, `oci-archive:${archive}:${tag}`], env),
    })
  } finally {
    remove()
  }
}
