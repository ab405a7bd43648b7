import { listNames } from '../../../lib/list-names.ts'
import { objectsAt } from '../../../lib/shape.ts'
import { type CheckResult, failed } from '../model/check-result.ts'
import type { ClusterFacts } from '../model/cluster-facts.ts'
import { type FailedCall, readFailedCall } from '../model/failed-call.ts'
import { conditionOf, fullNameOf, nameOf, textAt } from '../model/objects.ts'

type CallFacts = Pick<ClusterFacts, 'dryRun' | 'deployments' | 'mutatingConfigurations'>

/**
 * Names each webhook that the API server can't call, once: by the answer to the dry run, and by the conditions of
 * Deployments whose pods it refuses. What the dry run says of our own webhook is reported by another check, and is newer
 * than what a Deployment says.
 */
export function checkFailedCalls(facts: CallFacts): readonly CheckResult[] {
  const { dryRun, deployments = [] } = facts
  const isAnswered = dryRun.kind === 'created' || dryRun.kind === 'refused'
  const now = dryRun.kind === 'refused' ? readFailedCall(dryRun.message) : undefined
  const waiting = deployments.flatMap((deployment) => {
    const condition = conditionOf(deployment, 'ReplicaFailure')
    const isFailing = textAt(condition, 'status') === 'True'
    const call = isFailing ? readFailedCall(textAt(condition, 'message')) : undefined
    return call === undefined ? [] : [{ call, name: fullNameOf(deployment) }]
  })
  const calls = [...(now === undefined ? [] : [now]), ...waiting.map(({ call }) => call)]
  const byWebhook = new Map(calls.toReversed().map((call) => [call.webhook, call]))
  return [...byWebhook.values()]
    .filter(({ isOurs }) => !(isOurs && isAnswered))
    .slice(0, maxShown)
    .map((call) => {
      const names = waiting.flatMap((one) => (one.call.webhook === call.webhook ? [one.name] : []))
      const isNow = call.webhook === now?.webhook
      return failed(describe(call, { names, isNow }), hintFor(call, facts))
    })
}

const maxShown = 10

function describe(
  { webhook, reason, isOurs }: FailedCall,
  { names, isNow }: { readonly names: readonly string[]; readonly isNow: boolean },
): string {
  const whose = isOurs ? 'the webhook' : `the webhook ${webhook}, which isn’t akv-injector’s`
  const such = names.length === 0 ? '' : `, such as those of ${listNames(names)}`
  return isNow
    ? `the API server can’t call ${whose}, so it refuses pods${such}: ${reason}`
    : `pods are missing, because the API server couldn’t call ${whose}, when it last tried to create those of ${listNames(names)}: ${reason}`
}

function hintFor(
  { webhook, isOurs }: FailedCall,
  { mutatingConfigurations = [] }: CallFacts,
): string {
  if (isOurs) return 'docs/install.md, "When the webhook does not answer"'
  const configuration = mutatingConfigurations.find((one) =>
    objectsAt(one, 'webhooks').some((entry) => textAt(entry, 'name') === webhook),
  )
  return configuration === undefined
    ? 'restore what serves it: kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations --output yaml names its Service'
    : `restore what serves it: MutatingWebhookConfiguration ${nameOf(configuration)} names its Service`
}
