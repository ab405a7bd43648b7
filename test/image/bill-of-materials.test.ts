import t from 'tap'
import { billOfMaterials } from '../../image/bill-of-materials.ts'
import packageJson from '../../package.json' with { type: 'json' }

t.test('the bill names our program, its packages and Node, and nothing that changes', async (t) => {
  const packages = [
    { name: '@scope/name', version: '1.2.3', license: '(MIT OR ISC)', folder: '/anywhere' },
    { name: 'plain', version: '4.5.6', folder: '/anywhere' },
  ]
  const bill = JSON.parse(billOfMaterials(packages, '24.0.0'))
  t.match(bill, { bomFormat: 'CycloneDX', specVersion: '1.5', version: 1 })
  t.strictSame(bill.metadata, {
    component: {
      type: 'application',
      'bom-ref': `akv-injector@${packageJson.version}`,
      name: 'akv-injector',
      version: packageJson.version,
      purl: `pkg:npm/akv-injector@${packageJson.version}`,
      licenses: [{ expression: 'MIT' }],
    },
  })
  t.strictSame(bill.components.slice(0, 2), [
    {
      type: 'library',
      'bom-ref': '@scope/name@1.2.3',
      name: '@scope/name',
      version: '1.2.3',
      purl: 'pkg:npm/%40scope/name@1.2.3',
      licenses: [{ expression: '(MIT OR ISC)' }],
    },
    {
      type: 'library',
      'bom-ref': 'plain@4.5.6',
      name: 'plain',
      version: '4.5.6',
      purl: 'pkg:npm/plain@4.5.6',
    },
  ])
  t.match(bill.components.slice(2), [{ type: 'platform', name: 'node', version: '24.0.0' }])
})
