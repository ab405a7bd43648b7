import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { render, withoutHelm } from '../helm.ts'
import { type Manifest, readRendered } from '../rendered.ts'
import { runPromtool, withoutPromtool } from './promtool.ts'
import { metricsIn, servedMetrics } from './served-metrics.ts'

const file = join(import.meta.dirname, '../../../manifests/chart/files/dashboard.json')
const dashboard: Manifest = JSON.parse(readFileSync(file, 'utf8'))
const panels: readonly Manifest[] = dashboard.panels.filter(
  ({ type }: { type: string }) => type !== 'row',
)
const queries = panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }: { expr: string }) => ({ title, expr })),
)

t.test('each query uses only metrics that a component serves', async (t) => {
  const served = await servedMetrics()
  t.ok(queries.length >= panels.length)
  for (const { title, expr } of queries) {
    t.ok(metricsIn(expr).length > 0, title)
    for (const name of metricsIn(expr)) t.ok(served.has(name), `${title}: ${name}`)
  }
})

t.test('the dashboard shows the metrics of every component', async (t) => {
  const used = queries.flatMap(({ expr }) => metricsIn(expr))
  for (const component of ['agent', 'admission', 'certs', 'sync'])
    t.ok(used.some((name) => name.startsWith(`akv_injector_${component}`)))
})

t.test('Prometheus can parse each query', { skip: withoutPromtool }, async (t) => {
  const rules = queries.map(({ expr }, index) => ({
    record: `query:${index}`,
    expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$namespace', '.*'),
  }))
  const folder = t.testdir({ 'rules.yaml': JSON.stringify({ groups: [{ name: 'all', rules }] }) })
  t.equal(runPromtool('check', 'rules', join(folder, 'rules.yaml')), '')
})

t.test('panels have their own ids and don’t overlap', async (t) => {
  const all: readonly Manifest[] = dashboard.panels
  t.equal(new Set(all.map(({ id }) => id)).size, all.length)
  for (const [index, { title, gridPos: a }] of all.entries())
    for (const { gridPos: b } of all.slice(index + 1)) {
      const isBeside = a.x + a.w <= b.x || b.x + b.w <= a.x
      t.ok(isBeside || a.y + a.h <= b.y || b.y + b.h <= a.y, title)
    }
})

t.test('the chart installs the dashboard if asked', { skip: withoutHelm }, async (t) => {
  const mapOf = (values: object) =>
    readRendered(render({ values }).text).find('ConfigMap', 'akv-injector-dashboard')
  t.notOk(mapOf({}))
  const { metadata, data } = mapOf({
    metrics: { dashboard: { enabled: true, annotations: { grafana_folder: 'Secrets' } } },
  })
  t.match(metadata, {
    labels: { grafana_dashboard: '1' },
    annotations: { grafana_folder: 'Secrets' },
  })
  t.strictSame(JSON.parse(data['akv-injector.json']), dashboard)
  const labelled = mapOf({ metrics: { dashboard: { enabled: true, labels: { board: 'a' } } } })
  t.match(labelled.metadata.labels, { board: 'a' })
})
