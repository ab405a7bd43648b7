import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'

/** An npm package with code in the bundle. */
export interface BundledPackage {
  readonly name: string
  readonly version: string
  /** An SPDX expression, if the package has one. */
  readonly license?: string
  readonly folder: string
}

const ofPackage = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/

/**
 * The npm packages that esbuild bundled, by name and version. Read from esbuild's metafile, because npm doesn't know them:
 * many dependencies in package.json aren't bundled, and packages that development tools also need may be.
 *
 * @param root - the folder that the metafile's paths start from
 */
export function bundledPackages(metafile: Metafile, root: string): readonly BundledPackage[] {
  const parts = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs))
  const folders = parts
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([path]) => ofPackage.exec(path) ?? [])
  const packages = [...new Set(folders)].map((folder) => readPackage(join(root, folder)))
  // npm may install the same version in several places.
  const once = new Map(packages.map((found) => [`${found.name}@${found.version}`, found]))
  return [...once.keys()].sort().flatMap((key) => once.get(key) ?? [])
}

function readPackage(folder: string): BundledPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return { name, version, folder, ...(typeof license === 'string' ? { license } : {}) }
}
