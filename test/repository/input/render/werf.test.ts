import t from 'tap'
import { without } from '../../../support/needs/without.ts'
import { makeFolder } from '../../../support/repository.ts'
import { chart, checkRepository } from './check-repository.ts'

const leaveOut = (files: Readonly<Record<string, string>>, path: string) =>
  Object.fromEntries(Object.entries(files).filter(([name]) => name !== path))

/** The chart of the other tests in the folder of werf, beside hidden files that nobody reads. */
const files = {
  ...Object.fromEntries(
    Object.entries(chart).map(([path, text]) => [path.replace('charts/web/', '.helm/'), text]),
  ),
  '.other/pod.yaml': 'apiVersion: [',
}

t.test('the chart of werf is rendered', { skip: without('helm') }, async (t) => {
  const { code, pods, stderr } = await checkRepository(t, files)
  t.strictSame(pods, ['release-name (.helm (rendered)) kv-chart:own'])
  t.strictSame([code, stderr], [0, ''])
})

t.test('without its Chart.yaml, it is named', async (t) => {
  const { run } = makeFolder(t, leaveOut(files, '.helm/Chart.yaml'))
  const rendered = await run(['check', '--render'])
  t.equal(rendered.code, 2)
  t.match(rendered.stderr, ".helm/Chart.yaml: isn't a file; if werf makes it, pass what werf")
  const { stdout, stderr } = await run(['check', '--no-render'])
  t.match(
    stdout,
    ".helm/templates/pod.yaml:7: has an annotation or a label of akv-injector, and isn't",
  )
  t.match(stdout, 'skipped .helm: is a Helm chart')
  t.notMatch(`${stdout}${stderr}`, '.other')
})

t.test('a folder of that name without templates is of another program', async (t) => {
  const { run } = makeFolder(t, { '.helm/repository/repositories.yaml': 'a: b', 'a.yaml': 'a: b' })
  const { code, stderr } = await run(['check', '--render'])
  t.strictSame([code, stderr], [0, ''])
})
