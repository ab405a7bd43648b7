import type { Scenario } from '../scenarios/scenario.ts'
import { answersMarkdown } from './answers-text.ts'
import type { Report, ScenarioLine } from './report.ts'

/** The report as Markdown, for an issue. */
export function reportMarkdown(report: Report, scenarios: readonly Scenario[]): string {
  const { versions, nodes, end, missing, left } = report
  const { chart, upgradeFrom } = versions
  const sentenceOf = (line: ScenarioLine) =>
    scenarios.find(({ id }) => id === line.id)?.sentence ?? ''
  return `${[
    '# akv-injector prove',
    '',
    aboutText(report),
    '',
    `- akv-injector: ${versions.akvInjector ?? 'unknown'}`,
    `- Kubernetes: ${versions.kubernetes ?? 'unknown'}, nodes: ${nodes ?? 'unknown'}`,
    ...(chart === undefined ? [] : [`- chart that the run installed: ${chart}`]),
    ...(upgradeFrom === undefined ? [] : [`- chart that it upgraded: ${upgradeFrom}`]),
    `- end: ${end}${missing === undefined ? '' : `, because it could not make: ${missing}`}`,
    `- left behind: ${left.map(({ kind, count }) => `${count} ${kind}`).join(', ') || 'nothing'}`,
    `- scenarios: ${sumOf(report.scenarios)}`,
    '',
    '| scenario | what has to be true | result | expected | seen | step | seconds |',
    '|---|---|---|---|---|---|---|',
    ...report.scenarios.map((line) =>
      [
        '',
        line.id,
        sentenceOf(line),
        line.result,
        line.expected ?? '',
        line.seen ?? '',
        line.step ?? '',
        line.seconds ?? '',
        '',
      ]
        .join(' | ')
        .trim(),
    ),
    ...answersMarkdown(report.answers),
  ].join('\n')}\n`
}

function aboutText({ azure, cluster }: Report): string {
  if (azure === 'emulated')
    return 'Azure was emulated: this run says nothing about AKS or a real Key Vault.'
  const where = cluster === 'aks' ? 'on AKS' : 'on a cluster that isn’t known to be AKS'
  return `The vault and the identities were in a subscription of Azure, and the pods ${where}.`
}

/** `20 passed, 1 failed, 2 skipped` */
export const sumOf = (lines: readonly ScenarioLine[]): string =>
  [...Map.groupBy(lines, ({ result }) => result)]
    .map(([result, some]) => `${some.length} ${result}`)
    .join(', ') || 'none'

/** One scenario, for a terminal. */
export const lineText = ({ id, result, expected, seen, step, seconds }: ScenarioLine): string =>
  result === 'failed'
    ? `${id}: failed at step ${step} after ${seconds} s. Expected ${expected}, saw ${seen}`
    : `${id}: ${result}${seconds === undefined ? '' : ` (${seconds} s)`}`
