import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkMaintainers } from '../../release/check-maintainers.ts'

const chart = readFileSync(join(import.meta.dirname, '../../manifests/chart/Chart.yaml'), 'utf8')

t.test('a release needs an address of its maintainers', async (t) => {
  const placeholder = 'maintainers@akv-injector.invalid'
  t.throws(() => checkMaintainers(chart), {
    message: `Chart.yaml has the placeholder ${placeholder} for its maintainers: write an address that somebody reads`,
  })
  checkMaintainers(chart.replace(placeholder, 'team@example.com'))
  for (const without of ['name: a\n', 'maintainers: []\n', 'maintainers: [{ name: a }]\n'])
    t.throws(() => checkMaintainers(without), {
      message: 'Chart.yaml has no address of its maintainers: write an address that somebody reads',
    })
})
