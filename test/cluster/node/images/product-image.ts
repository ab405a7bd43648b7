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
import packageJson from '../../../../package.json' with { type: 'json' }
import { executeApart } from '../machine/execute.ts'
import { type Buildah, withBuildah } from './buildah.ts'
import { cachedImage } from './image-cache.ts'

/** As the manifests name it. */
export const productImage = `ghcr.io/akv-injector/akv-injector:${packageJson.version}`

/** An archive of the Containerfile's image. */
export async function productArchive(cache: string, tell: (line: string) => void): Promise<string> {
  return cachedImage({
    cache,
    name: 'akv-injector',
    madeOf: [
      process.version,
      packages.join(),
      ...['Containerfile', 'image/build-image.ts', 'LICENSE'].map((name) =>
        readFileSync(join(root, name)),
      ),
      ...(await bundledFiles()),
    ],
    build(archive) {
      tell(`building ${productImage}, which takes a minute and is kept in ${cache}`)
      withBuildah((buildah) => {
        const base = buildBase(buildah, basePackages(cache))
        const script = join(root, 'image/build-image.ts')
        executeApart(process.execPath, [script, '--tag', productImage, '--base', base], buildah.env)
        buildah.save(productImage, archive)
      })
    },
  })
}

/** The same from the same sources, wherever it is made. */
async function bundledFiles(): Promise<Buffer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-bundle-'))
  try {
    await bundle(folder)
    return readdirSync(folder)
      .sort()
      .map((name) => readFileSync(join(folder, name)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the Containerfile takes Node from, made of Debian's packages and this Node: no registry need be within reach. */
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

/** What the Containerfile's first stage takes beside Debian's essential packages. */
const packages = ['binutils', 'libgcc-s1', 'libstdc++6']

const root = join(import.meta.dirname, '../../../..')
