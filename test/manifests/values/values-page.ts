import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DocumentedValue, documentedValues } from './documented-values.ts'

/** `node test/manifests/values/values-page.ts` writes the chart's README from the comments in values.yaml. */

const heading = `# The chart of akv-injector

In the repository of akv-injector, the page \`docs/install.md\` describes how to install the chart, and \`docs/settings.md\`
what the settings mean for pods. Other pages named below are in the same folder.
\`values.schema.json\` rejects unknown and invalid values. Only \`image.repository\` is required, except in the chart of a release.

This page is generated from [values.yaml](values.yaml).
`

/** Returns the text of the page. */
export function valuesPage(): string {
  const tops = new Set(documentedValues.map(topOf))
  const sections = [...tops].map((top) => {
    const rows = documentedValues.filter((value) => topOf(value) === top).map(rowOf)
    return `## ${top}\n\n| value | meaning | default |\n|---|---|---|\n${rows.join('\n')}\n`
  })
  return [heading, ...sections].join('\n')
}

/** Values at the top level share one section. */
const topOf = ({ path }: DocumentedValue) =>
  path.includes('.') ? (path.split('.')[0] ?? '') : 'All components'

function rowOf({ path, comment, default: value }: DocumentedValue): string {
  const meaning = comment
    .slice(comment.indexOf(' -- ') + 4)
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
  return `| \`${path}\` | ${meaning} | \`${JSON.stringify(value)}\` |`
}

export const valuesPageFile = join(import.meta.dirname, '../../../manifests/chart/README.md')

if (import.meta.main) writeFileSync(valuesPageFile, valuesPage())
