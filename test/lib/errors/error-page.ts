/** `docs/errors.md` from the table. Run it (`node test/lib/errors/error-page.ts`) to write the page again. */

import { writeFileSync } from 'node:fs'
import { checkCodes } from '../../../cli/check/finding-codes.ts'
import { entraCodes } from '../../../keyvault/entra/entra-codes.ts'
import type { ErrorFacts } from '../../../lib/errors/error-facts.ts'
import { errorTable } from '../../../lib/errors/error-table.ts'

export const errorPageFile = new URL('../../../docs/errors.md', import.meta.url)

export function errorPage(): string {
  return [
    head,
    ...Object.entries(errorTable).map(section),
    ...Object.entries(checkCodes).map(checkSection),
  ].join('\n')
}

const head = `# Error codes

Every failure has a stable code. You find it in the agent's log (\`code\`), and in the container's termination message,
which \`kubectl describe pod\` shows, with what happened and what to do.

If a pod does not start and shows no code:

| \`kubectl\` shows | reason | what to do |
|---|---|---|
| the pod runs without an agent | its namespace is [excluded](install.md#excluded-namespaces), the annotations are on the workload instead of its pod template, or the webhook configuration was missing when the pod was created | run [\`akv-injector check FILE\`](../README.md#the-command-line) and \`kubectl get mutatingwebhookconfiguration zz-akv-injector\`, correct what they report, then recreate the pod |
| a Deployment, StatefulSet or Job has no pods | the webhook denies them | \`kubectl describe\` the ReplicaSet, StatefulSet or Job: the events show the reason. For \`failed calling webhook\`, see [When the webhook does not answer](install.md#when-the-webhook-does-not-answer) |
| \`Init:0/1\`, and with \`refresh\` the event \`Startup probe failed\` | the agent is still retrying | \`kubectl logs POD -c akv-injector\` says what fails, and until when it retries |
| \`Init:ErrImagePull\` or \`Init:ImagePullBackOff\` | the pod's \`imagePullSecrets\` can't pull the agent's image | add a [pull Secret](install.md#pull-secrets) that can |
| \`OOMKilled\` of akv-injector | its memory limit is too low | raise \`akv-injector.io/agent-limits\`, or leave it out |

_Retried_ means: the first fetch retries with growing pauses until \`akv-injector.io/timeout\` is over, and a refresh
retries at the next interval. Waiting for a throttled vault doesn't count towards the timeout, for up to 15 minutes. The
exit code is the one with which the agent exits after a failed first fetch. After 1, a later start can succeed. After 2,
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

function section([code, { isRetryable, exitCode, means, remedy, isOfSync }]: [
  string,
  ErrorFacts,
]): string {
  return `## ${code}

${means}

**What to do.** ${remedy}
${entraNumbers(code)}
${isOfSync ? 'Secret sync only.' : `${isRetryable ? 'Retried' : 'Not retried'}; exit code ${exitCode}.`}
`
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
