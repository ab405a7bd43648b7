import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'

/** An npm package of which something is in the bundle. */
export interface BundledPackage {
  readonly name: string
  readonly version: string
  /** An SPDX expression, when it names one. */
  readonly license?: string
  readonly folder: string
}

const ofPackage = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/

/**
 * What esbuild took from node_modules, by name and version. Asked of esbuild, as npm can't tell: of what package.json
 * names much is left out, and what tools of development need as well may be in.
 *
 * @param root - the folder that the metafile's paths start from
 */
export function bundledPackages(metafile: Metafile, root: string): readonly BundledPackage[] {
  const parts = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs))
  const folders = parts
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([path]) => ofPackage.exec(path) ?? [])
  const packages = [...new Set(folders)].map((folder) => readPackage(join(root, folder)))
  // npm installs one version more than once where others stand in between.
  const once = new Map(packages.map((found) => [`${found.name}@${found.version}`, found]))
  return [...once.keys()].sort().flatMap((key) => once.get(key) ?? [])
}

function readPackage(folder: string): BundledPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return { name, version, folder, ...(typeof license === 'string' ? { license } : {}) }
}
