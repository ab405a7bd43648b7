import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildImage, isList } from '../image/build-image.ts'
import { packFolder } from './pack-folder.ts'

/**
 * Builds the image and writes it as an OCI archive. Leaves the image's `dist/` in the checkout.
 *
 * @param options.name - with a tag
 * @param options.base - the base image with Node, instead of the Containerfile's default
 * @returns the digest of the image, or of the list of its platforms
 */
export async function buildImageArchive(options: {
  readonly name: string
  readonly platform: string
  readonly base?: string
  readonly archive: string
}): Promise<string> {
  const { name: tag, archive, ...build } = options
  // docker's default image store keeps no manifest lists.
  const engine = await buildImage({ ...build, tag, engines: ['buildah', 'podman'] })
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-image-'))
  try {
    const push = isList(build) ? ['manifest', 'push', '--all'] : ['push']
    execFileSync(engine, [...push, '--quiet', tag, `oci:${folder}:${tag}`], { stdio: 'inherit' })
    packFolder({ folder, as: 'content', archive })
    const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))
    return index.manifests[0].digest
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
