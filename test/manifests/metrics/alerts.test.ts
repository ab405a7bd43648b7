import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { errorTable } from '../../../lib/errors/error-table.ts'
import { render, withoutHelm } from '../helm.ts'
import { type Manifest, readRendered } from '../rendered.ts'
import { alertCases, healthy } from './alert-cases.ts'
import { runPromtool, withoutPromtool } from './promtool.ts'
import { metricsIn, servedMetrics } from './served-metrics.ts'

const root = join(import.meta.dirname, '../../..')
const file = join(root, 'manifests/chart/files/alerts.yaml')
const page = readFileSync(join(root, 'docs/operate.md'), 'utf8')
const { groups } = parse(readFileSync(file, 'utf8'))
const rules: readonly Manifest[] = groups[0].rules

t.test('each series causes its alerts and no others', { skip: withoutPromtool }, async (t) => {
  const tests = alertCases.map(({ name, series, atMinutes, firing }) => ({
    name,
    interval: '15s',
    input_series: Object.entries({ ...healthy, ...series }).map(([series, values]) => ({
      series,
      values,
    })),
    promql_expr_test: [
      {
        expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
        eval_time: `${atMinutes}m`,
        exp_samples: Object.entries(firing).map(([alertname, value]) => ({
          labels: `{alertname="${alertname}"}`,
          value,
        })),
      },
    ],
  }))
  const folder = t.testdir({
    // JSON is YAML.
    'tests.yaml': JSON.stringify({ rule_files: [file], evaluation_interval: '15s', tests }),
  })
  t.equal(runPromtool('test', 'rules', join(folder, 'tests.yaml')), '')
})

t.test('an alert about throttling names the vault', { skip: withoutPromtool }, async (t) => {
  const rule = rules.find(({ alert }) => alert === 'AkvInjectorVaultThrottles')
  const alertWith = (vault: string, summary: string) => ({
    exp_labels: { ...rule.labels, ...(vault && { vault }) },
    exp_annotations: { ...rule.annotations, summary: `${summary} requests of akv-injector.` },
  })
  const tests = [
    {
      interval: '15s',
      input_series: [
        {
          series:
            'akv_injector_agent_failures_total{code="AKV_THROTTLED",vault="billing",pod="web"}',
          values: '0+1x60',
        },
        {
          series: 'akv_injector_sync_vault_requests_total{result="AKV_THROTTLED",vault=""}',
          values: '0+1x60',
        },
      ],
      alert_rule_test: [
        {
          eval_time: '5m',
          alertname: rule.alert,
          exp_alerts: [
            alertWith('billing', 'The vault billing throttles'),
            alertWith('', 'A vault that the metrics do not name throttles'),
          ],
        },
      ],
    },
  ]
  const folder = t.testdir({
    'tests.yaml': JSON.stringify({ rule_files: [file], evaluation_interval: '15s', tests }),
  })
  t.equal(runPromtool('test', 'rules', join(folder, 'tests.yaml')), '')
})

t.test('each alert is fired by a test', async (t) => {
  const fired = new Set(alertCases.flatMap(({ firing }) => Object.keys(firing)))
  t.strictSame([...fired].sort(), rules.map(({ alert }) => alert).sort())
})

t.test('each alert is explained in docs/operate.md', async (t) => {
  const headings = [...page.matchAll(/^### (AkvInjector\w+)$/gm)].map(([, name = '']) => name)
  t.strictSame(
    headings,
    rules.map(({ alert }) => alert),
  )
  for (const { alert, labels, annotations } of rules) {
    t.match(labels.severity, /^(critical|warning)$/)
    t.match(annotations.summary, /\.$/)
    t.match(annotations.description, /\.$/)
    t.ok(annotations.runbook_url.endsWith(`/docs/operate.md#${alert.toLowerCase()}`), alert)
  }
})

t.test('alerts use only metrics and codes that exist', async (t) => {
  const served = await servedMetrics()
  for (const { expr } of rules) {
    for (const name of metricsIn(expr)) t.ok(served.has(name), name)
    for (const [, code] of expr.matchAll(/"(AKV_\w+)"/g))
      t.ok(Object.hasOwn(errorTable, code), code)
  }
})

t.test('the chart installs the alerts if asked', { skip: withoutHelm }, async (t) => {
  t.notOk(readRendered(render().text).find('PrometheusRule'))
  const prometheusRule = { enabled: true, labels: { a: 'b' }, annotations: { c: 'd' } }
  const { text } = render({ values: { metrics: { prometheusRule } } })
  const { metadata, spec } = readRendered(text).find('PrometheusRule')
  t.match(metadata, { labels: { a: 'b' }, annotations: { c: 'd' } })
  t.strictSame(spec, { groups })
})
