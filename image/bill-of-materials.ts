import packageJson from '../package.json' with { type: 'json' }
import type { BundledPackage } from './bundled-packages.ts'

/**
 * The bill of materials, as CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/): the program, the packages in its
 * bundle, and in the image Node. Debian's packages are listed in /var/lib/dpkg/status.d, where scanners expect them.
 * Two builds of the same source give the same bytes.
 *
 * @param nodeVersion - the Node that is delivered with the program, if one is
 */
export function billOfMaterials(packages: readonly BundledPackage[], nodeVersion?: string): string {
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: { type: 'application', ...described(packageJson) } },
    components: [
      ...packages.map((found) => ({ type: 'library', ...described(found) })),
      ...(nodeVersion === undefined ? [] : [describeNode(nodeVersion)]),
    ],
  }
  return `${JSON.stringify(bill, null, 1)}\n`
}

const describeNode = (version: string) => ({
  type: 'platform',
  'bom-ref': `node@${version}`,
  name: 'node',
  version,
  purl: `pkg:generic/node@${version}`,
  cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
})

function described({ name, version, license }: Omit<BundledPackage, 'folder'>) {
  return {
    'bom-ref': `${name}@${version}`,
    name,
    version,
    // A package URL encodes the @ of a scope, but not its slash.
    purl: `pkg:npm/${name.replace(/^@/, '%40')}@${version}`,
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
  }
}
