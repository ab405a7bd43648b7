import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { objectsAt, valueAt } from '../../lib/shape.ts'
import { makeProofReport, type Report } from '../../prove/report/report.ts'
import { allScenarios } from '../../prove/scenarios/all-scenarios.ts'
import { proofFacts } from '../prove/support/proof-facts.ts'

/** The report in a file's text, without anything that a report can't have. */
function reportOf(text: string): Report {
  const value: unknown = JSON.parse(text)
  return makeProofReport({
    azure: valueAt(value, 'azure'),
    cluster: valueAt(value, 'cluster'),
    end: valueAt(value, 'end'),
    versions: {
      akvInjector: valueAt(value, 'versions', 'akvInjector'),
      kubernetes: valueAt(value, 'versions', 'kubernetes'),
    },
    nodes: valueAt(value, 'nodes'),
    scenarios: objectsAt(value, 'scenarios'),
    answers: valueAt(value, 'answers'),
    left: objectsAt(value, 'left').flatMap(({ kind, count }) => Array(Number(count)).fill(kind)),
  })
}

function tableOf(reports: readonly Report[]): string {
  const rows = reports
    .filter(({ azure, cluster }) => azure === 'real' && cluster === 'aks')
    .map(({ versions, nodes, scenarios }) => {
      const count = (wanted: string) => scenarios.filter(({ result }) => result === wanted).length
      const { akvInjector = '', kubernetes = '' } = versions
      return `| ${[akvInjector, kubernetes, nodes ?? '', ...['passed', 'failed', 'skipped'].map(count)].join(' | ')} |`
    })
  return [
    '| akv-injector | Kubernetes | nodes | passed | failed | skipped |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}

const texts = readdirSync('docs/proofs')
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => readFileSync(`docs/proofs/${name}`, 'utf8'))

t.test('a committed report has only what a report may have', (t) => {
  for (const text of texts) t.strictSame(JSON.parse(text), reportOf(text))
  t.end()
})

t.test('docs/support.md has a row for each report from AKS, and says if there is none', (t) => {
  const [, section = ''] = readFileSync('docs/support.md', 'utf8').split('\n## Seen on AKS\n')
  const [shown = ''] = section.split('\n## ')
  const table = tableOf(texts.map(reportOf))
  t.equal(shown.slice(shown.indexOf('| akv')).trim(), table)
  t.equal(shown.includes('**There is\nnone yet.**'), table.endsWith('|---|'))
  t.end()
})

t.test('a report of AKS is a row, and one of an emulator isn’t', (t) => {
  const scenarios = allScenarios(proofFacts).map(({ id }, at) => ({
    id,
    result: at === 0 ? 'failed' : 'passed',
    expected: 'delivered',
    seen: at === 0 ? 'differs' : 'delivered',
  }))
  const report = {
    form: 1,
    azure: 'real',
    cluster: 'aks',
    end: 'finished',
    versions: { akvInjector: '0.1.0', kubernetes: '1.36.3' },
    nodes: 3,
    scenarios,
    answers: [
      {
        request: 'secret',
        seen: { status: ['200'], headers: ['date'] },
        emulator: { headers: [] },
      },
    ],
    left: [{ kind: 'deleted-vault', count: 1 }],
  }
  const text = JSON.stringify(report)
  t.strictSame(reportOf(text), report)
  const row = `| 0.1.0 | 1.36.3 | 3 | ${scenarios.length - 1} | 1 | 0 |`
  t.equal(
    tableOf([reportOf(text)])
      .split('\n')
      .at(-1),
    row,
  )
  t.notMatch(tableOf([reportOf(JSON.stringify({ ...report, azure: 'emulated' }))]), '0.1.0')
  t.notMatch(tableOf([reportOf(JSON.stringify({ ...report, cluster: 'other' }))]), '0.1.0')
  const told = { ...report, tenant: 'x', versions: { ...report.versions, host: 'x' } }
  t.notSame(told, reportOf(JSON.stringify(told)))
  t.end()
})
