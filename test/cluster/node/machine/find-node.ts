import { dirname, join } from 'node:path'
import { cacheFolder, findParts, nodeParts, type Parts } from '../../parts/find-parts.ts'
import { appArchive } from '../images/app-image.ts'
import { productArchive } from '../images/product-image.ts'
import { findDebianPrograms } from './debian-programs.ts'
import type { NodePrograms } from './start-node.ts'

export interface FoundNode {
  readonly programs: NodePrograms & Parts<(typeof nodeParts)[number]>
  /** Of the images. */
  readonly archives: readonly string[]
}

export interface FindNodeOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly tell: (line: string) => void
  /** Whether Debian packages may be installed. */
  readonly install: boolean
}

/** What a node is made of, built where it isn't there; or a sentence saying why there can be none. */
export async function findNode(
  options: FindNodeOptions,
): Promise<FoundNode | { readonly problem: string }> {
  const { env, tell } = options
  const debian = findDebianPrograms(options)
  if ('problem' in debian) return debian
  const found = await findParts({ env, tell, names: nodeParts })
  if ('problem' in found) return found
  const cache = join(dirname(cacheFolder(env, 'kubernetes')), 'images')
  const archives = [appArchive(cache, debian.busybox), await productArchive(cache, tell)]
  return { programs: { ...found.parts, ...debian }, archives }
}
