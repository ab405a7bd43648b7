import { dirname, join } from 'node:path'
import { type Parsed, valid } from '../../../../lib/problems/parsed.ts'
import { cacheFolder, findParts, nodeParts, type Parts } from '../../parts/find-parts.ts'
import { appArchive } from '../images/app-image.ts'
import { productArchive } from '../images/product-image.ts'
import { findDebianPrograms } from './debian-programs.ts'
import type { NodePrograms } from './start-node.ts'

export interface FoundNode {
  readonly programs: NodePrograms & Parts<(typeof nodeParts)[number]>
  /** The archives of the images. */
  readonly archives: readonly string[]
}

export interface FindNodeOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: (line: string) => void
  /** Whether to install missing Debian packages. */
  readonly install: boolean
}

/** Finds or builds the programs and images of a node, or returns the reason why a node isn't possible. */
export async function findNode(options: FindNodeOptions): Promise<Parsed<FoundNode>> {
  const { env, log } = options
  const debian = findDebianPrograms(options)
  if (debian.kind === 'invalid') return debian
  const found = await findParts({ env, log, names: nodeParts })
  if (found.kind === 'invalid') return found
  const cache = join(dirname(cacheFolder(env, 'kubernetes')), 'images')
  const archives = [appArchive(cache, debian.value.busybox), await productArchive(cache, log)]
  return valid({ programs: { ...found.value, ...debian.value }, archives })
}
