import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { copyChart } from '../../release/package-chart.ts'
import { renderInstallYaml } from '../../release/render-install-yaml.ts'
import { withoutHelm } from '../manifests/helm.ts'
import { readRendered } from '../manifests/rendered.ts'

const image = { repository: 'registry.example/akv-injector', digest: `sha256:${'a'.repeat(64)}` }
const valuesOf = (chart: string) => readFileSync(join(chart, 'values.yaml'), 'utf8')
const source = join(import.meta.dirname, '../../manifests/chart')

t.test('the chart of a release differs from the checkout’s in the image alone', async (t) => {
  const chart = copyChart(t.testdir(), image)
  const [before, after] = [parse(valuesOf(source)), parse(valuesOf(chart))]
  t.strictSame(after, { ...before, image: { ...before.image, ...image } })
  const lines = valuesOf(chart).split('\n')
  const changed = valuesOf(source)
    .split('\n')
    .filter((line, i) => lines[i] !== line)
  t.strictSame(changed, ['  repository: ""', '  digest: ""'], 'the comments stay')
})

t.test(
  'install.yaml of a release names the image by its digest',
  { skip: withoutHelm },
  async (t) => {
    const chart = copyChart(t.testdir(), image)
    const text = renderInstallYaml({
      chart,
      comment: '# A comment.\n',
    })
    t.match(text, /^# A comment\.\n---\n/)
    const { find } = readRendered(text)
    for (const name of ['akv-injector-webhook', 'akv-injector-certs'])
      t.equal(
        find('Deployment', name).spec.template.spec.containers[0].image,
        `${image.repository}@${image.digest}`,
      )
  },
)
