import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildImage, type ImageOptions } from './build-image.ts'
import { compressLayers } from './compress-layers.ts'
import { packFolder } from './pack-folder.ts'

interface ImageArchiveOptions extends Omit<ImageOptions, 'layout'> {
  /** The file to write. */
  readonly archive: string
  /** Of the layers; the archive itself is not compressed. `gzip` is what the engine writes by itself. */
  readonly compression: 'gzip' | 'zstd'
}

/**
 * Builds the image and writes it as an OCI archive.
 *
 * @returns the digest of the image, or of the list of its platforms
 */
export async function buildImageArchive(options: ImageArchiveOptions): Promise<string> {
  const { archive, compression, ...build } = options
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-image-'))
  try {
    const [built, compressed] = [join(folder, 'built'), join(folder, 'compressed')]
    mkdirSync(built)
    await buildImage({ ...build, layout: built })
    if (compression === 'zstd') compressLayers({ from: built, to: compressed })
    const layout = compression === 'zstd' ? compressed : built
    packFolder({ folder: layout, as: 'content', archive })
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'))
    return index.manifests[0].digest
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
