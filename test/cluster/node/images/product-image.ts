import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from '../../../../image/bundle.ts'
import { placeholderRepository } from '../../../../image/placeholder-repository.ts'
import packageJson from '../../../../package.json' with { type: 'json' }
import { executeApart } from '../machine/execute.ts'
import { type Buildah, withBuildah } from './buildah.ts'
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
      packages.join(),
      ...['Containerfile', 'image/build-image.ts', 'LICENSE'].map((name) =>
        readFileSync(join(root, name)),
      ),
      ...(await bundledFiles()),
    ],
    build(archive) {
      log(`building ${productImage} into ${cache}, which takes a minute`)
      withBuildah((buildah) => {
        const base = buildBase(buildah, basePackages(cache))
        const script = join(root, 'image/build-image.ts')
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

/** Builds the Containerfile's base image from Debian's packages and this Node, so that no registry is needed. */
function buildBase({ folder, build }: Buildah, packagesArchive: string): string {
  const tag = 'localhost/akv-injector-base:1'
  const context = join(folder, 'base')
  mkdirSync(context)
  copyFileSync(packagesArchive, join(context, 'packages.tar'))
  copyFileSync(process.execPath, join(context, 'node'))
  writeFileSync(
    join(context, 'Containerfile'),
    'FROM scratch\nADD packages.tar /\nCOPY node /usr/local/bin/node\n',
  )
  build(tag, context)
  return tag
}

const basePackages = (cache: string): string =>
  cachedImage({
    cache,
    name: 'packages',
    madeOf: packages,
    build: (archive) =>
      executeApart('mmdebstrap', [
        ...['--quiet', '--mode=root', '--variant=essential', `--include=${packages.join(',')}`],
        ...['bookworm', archive],
      ]),
  })

/** The packages that the Containerfile's first stage needs in addition to Debian's essential ones. */
const packages = ['binutils', 'libgcc-s1', 'libstdc++6']

const root = join(import.meta.dirname, '../../../..')
