import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { executeApart } from '../machine/execute.ts'
import type { Buildah } from './buildah.ts'
import { cachedImage } from './image-cache.ts'

/**
 * Builds the Containerfile's base image from Debian's packages and this Node, so that no registry is needed.
 *
 * @param cache - the folder that keeps the packages
 * @returns its name
 */
export function buildBaseImage({ folder, build }: Buildah, cache: string): string {
  const tag = 'localhost/akv-injector-base:1'
  const context = join(folder, 'base')
  mkdirSync(context)
  copyFileSync(basePackages(cache), join(context, 'packages.tar'))
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
    madeOf: basePackageNames,
    build: (archive) =>
      executeApart('mmdebstrap', [
        ...[
          '--quiet',
          '--mode=root',
          '--variant=essential',
          `--include=${basePackageNames.join(',')}`,
        ],
        ...['bookworm', archive],
      ]),
  })

/** The packages that the Containerfile's first stage needs in addition to Debian's essential ones. */
export const basePackageNames = ['binutils', 'libgcc-s1', 'libstdc++6']
