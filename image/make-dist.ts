import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { billOfMaterials } from './bill-of-materials.ts'
import { bundle } from './bundle.ts'
import { bundledPackages } from './bundled-packages.ts'
import { thirdPartyNotices } from './third-party-notices.ts'

const root = join(import.meta.dirname, '..')

/**
 * Makes what the image and the npm package contain: the bundle, its bill of materials and its licences.
 *
 * @param dist - the output folder; what was there is removed
 * @param nodeVersion - the Node that is delivered with the bundle, as in the image
 */
export async function makeDist(dist: string, nodeVersion?: string): Promise<void> {
  rmSync(dist, { recursive: true, force: true })
  const packages = bundledPackages(await bundle(dist), root)
  writeFileSync(join(dist, 'sbom.cdx.json'), billOfMaterials(packages, nodeVersion))
  writeFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), thirdPartyNotices(packages))
}

// npm pack
if (import.meta.main) await makeDist(join(root, 'dist'))
