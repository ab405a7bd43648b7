import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from '../../../../image/bundle.ts'
import { placeholderRepository } from '../../../../image/placeholder-repository.ts'
import packageJson from '../../../../package.json' with { type: 'json' }
import { executeApart } from '../machine/execute.ts'
import { basePackageNames, buildBaseImage } from './base-image.ts'
import { withBuildah } from './buildah.ts'
import { cachedImage } from './image-cache.ts'

/** The name of the image in the manifests. */
export const productImage = `${placeholderRepository}:${packageJson.version}`

/** Returns the archive of the Containerfile's image, and builds it if necessary. */
export async function productArchive(cache: string, log: (line: string) => void): Promise<string> {
  return cachedImage({
    cache,
    name: 'akv-injector',
    madeOf: [
      process.version,
      productImage,
      basePackageNames.join(),
      ...['Containerfile', 'image/build-image.ts', 'LICENSE'].map((name) =>
        readFileSync(join(root, name)),
      ),
      ...(await bundledFiles()),
    ],
    build(archive) {
      log(`building ${productImage} into ${cache}, which takes a minute`)
      withBuildah((buildah) => {
        const base = buildBaseImage(buildah, cache)
        const script = join(root, 'image/main.ts')
        executeApart(process.execPath, [script, '--tag', productImage, '--base', base], buildah.env)
        buildah.save(productImage, archive)
      })
    },
  })
}

/** The bundle depends only on the sources, not on the machine. */
async function bundledFiles(): Promise<Buffer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-bundle-'))
  try {
    await bundle(folder)
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
      .map((path) => readFileSync(path))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const root = join(import.meta.dirname, '../../../..')
