/** `docs/errors.md` from the table. Run it (`node test/keyvault/error-page.ts`) to write the page anew. */

import { writeFileSync } from 'node:fs'
import { entraCodes } from '../../keyvault/entra-codes.ts'
import type { ErrorFacts } from '../../keyvault/error-facts.ts'
import { errorTable } from '../../keyvault/error-table.ts'

export const errorPageFile = new URL('../../docs/errors.md', import.meta.url)

export function errorPage(): string {
  return [head, ...Object.entries(errorTable).map(section)].join('\n')
}

const head = `# Error codes

Every failure has a code that stays the same over versions. You find it in the agent's log (\`code\`), and in the
container's termination message, which \`kubectl describe pod\` shows, with what happened and what to do.

Where a pod doesn't start and tells no code:

| \`kubectl\` shows | because | do |
|---|---|---|
| the pod runs, without agent | its namespace is [left alone](install.md#namespaces-that-are-left-alone), the annotations are on the workload and not on its pod template, or the webhook wasn't there | [\`check FILE\`](../README.md#the-command-line) of the command line, \`kubectl get mutatingwebhookconfiguration zz-akv-injector\`; then recreate the pod |
| no pods of a Deployment, StatefulSet or Job | they are refused | \`kubectl describe\` the ReplicaSet, StatefulSet or Job: its events say why; \`failed calling webhook\`: [here](install.md#when-the-webhook-does-not-answer) |
| \`Init:0/1\`, and with \`refresh\` the event \`Startup probe failed\` | the agent is still trying | \`kubectl logs POD -c akv-injector\` says what failed |
| \`Init:ErrImagePull\` or \`Init:ImagePullBackOff\` | the agent's image is pulled with the Secrets of this pod | [give it one](install.md) that may, in \`imagePullSecrets\` |
| \`OOMKilled\` of akv-injector | its memory limit is too low | raise \`akv-injector.io/agent-limits\`, or leave it out |

_Retried_ means: on the first fetch with growing pauses until the time of \`akv-injector.io/timeout\` is over, on a
refresh at the next interval. The exit code is the one that the agent ends with when a first fetch fails for good; a
refresh never ends it. 1 may succeed on a later start, 2 won't until somebody corrects the configuration.

With [Secret sync](sync.md) the same codes stand in the events of the ServiceAccount (\`kubectl describe
serviceaccount\`). Everything that failed is tried again there, with growing pauses, until it is right.
`

function section([code, { heals, exitCode, means, remedy, isOfSync }]: [
  string,
  ErrorFacts,
]): string {
  return `## ${code}

${means}

**What to do.** ${remedy}
${entraNumbers(code)}
${isOfSync ? 'Secret sync only.' : `${heals ? 'Retried' : 'Not retried'}; exit code ${exitCode}.`}
`
}

function entraNumbers(code: string): string {
  const numbers = [...entraCodes]
    .filter(([, entra]) => entra.code === code)
    .map(([number]) => number)
  return numbers.length === 0
    ? ''
    : `\nEntra's numbers for it: ${numbers.map((number) => `AADSTS${number}`).join(', ')}.\n`
}

if (import.meta.main) writeFileSync(errorPageFile, errorPage())
