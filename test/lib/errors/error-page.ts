/** `docs/errors.md` from the table. Run it (`node test/lib/errors/error-page.ts`) to write the page again. */

import { writeFileSync } from 'node:fs'
import { entraCodes } from '../../../keyvault/errors/entra-codes.ts'
import type { ErrorFacts } from '../../../lib/errors/error-facts.ts'
import { errorTable } from '../../../lib/errors/error-table.ts'
import { checkCodes } from '../../../repository/check/findings/finding-codes.ts'

export const errorPageFile = new URL('../../../docs/errors.md', import.meta.url)

export function errorPage(): string {
  return [
    head,
    ...Object.entries(errorTable).map(section),
    ...Object.entries(checkCodes).map(checkSection),
  ].join('\n')
}

const head = `# Error codes

Every failure has a stable code. The agent's log has it in the field \`code\`. The container's termination message, which
\`kubectl describe pod\` shows, has the code, what happened, and what to do.

If you have no code, [troubleshooting.md](troubleshooting.md) starts from what \`kubectl\` shows.

_Retried_ means: the first fetch retries with growing pauses. A failed refresh is tried again whatever its code is: in an outage at the
next interval, and [for a failure of one object](specification.md#refreshing) after growing numbers of intervals. Without
\`akv-injector.io/timeout\`, the first fetch waits without end for the end of an outage, and gives up after 15 minutes if a
person has to mend something; [with it, it gives up](specification.md#fetching) when that time is over. The exit code is
the one with which the agent exits after a failed first fetch. After 1, a later start can succeed. After 2,
somebody has to correct the configuration first. A failed refresh never ends the agent.

[Secret sync](sync.md) shows the same codes in the events of the ServiceAccount (\`kubectl describe serviceaccount\`). It
retries every failure with growing pauses.

Codes that begin with \`AKV_CHECK\` are findings of [\`akv-injector check\`](check.md). No agent reports them.
`

function checkSection([code, { means, remedy }]: [
  string,
  (typeof checkCodes)[keyof typeof checkCodes],
]): string {
  return `## ${code}

${means}

**What to do.** ${remedy}

Only \`check\` reports it.
`
}

function section([code, facts]: [string, ErrorFacts]): string {
  const { means, remedy } = facts
  return `## ${code}

${means}

**What to do.** ${remedy}
${entraNumbers(code)}
${outcome(facts)}
`
}

function outcome({ isRetryable, exitCode, isOfSync, isWarning }: ErrorFacts): string {
  if (isOfSync) return 'Secret sync only.'
  if (isWarning) return 'Only a warning: the agent logs it and continues.'
  return `${isRetryable ? 'Retried' : 'Not retried'}; exit code ${exitCode}.`
}

function entraNumbers(code: string): string {
  const numbers = [...entraCodes]
    .filter(([, entra]) => entra.code === code)
    .map(([number]) => number)
  return numbers.length === 0
    ? ''
    : `\nEntra's error numbers: ${numbers.map((number) => `AADSTS${number}`).join(', ')}.\n`
}

if (import.meta.main) writeFileSync(errorPageFile, errorPage())
