import { listNames } from '../../../lib/list-names.ts'
import { type CheckResult, failed } from '../model/check-result.ts'
import type { ClusterFacts } from '../model/cluster-facts.ts'
import { type FailedCall, readFailedCall } from '../model/failed-call.ts'
import { conditionOf, fullNameOf, textAt } from '../model/objects.ts'

type CallFacts = Pick<ClusterFacts, 'dryRun' | 'deployments'>

/**
 * Names each webhook that the API server can't call, once: by the answer to the dry run, and by the conditions of
 * Deployments whose pods it refuses. Another check reports what the dry run says of our own webhook.
 */
export function checkFailedCalls({ dryRun, deployments = [] }: CallFacts): readonly CheckResult[] {
  const ofDryRun = dryRun.kind === 'refused' ? readFailedCall(dryRun.message) : undefined
  const waiting = deployments.flatMap((deployment) => {
    const condition = conditionOf(deployment, 'ReplicaFailure')
    const call =
      textAt(condition, 'status') === 'True'
        ? readFailedCall(textAt(condition, 'message'))
        : undefined
    return call === undefined ? [] : [{ call, name: fullNameOf(deployment) }]
  })
  const calls: readonly { readonly call: FailedCall; readonly name?: string }[] = [
    ...(ofDryRun === undefined ? [] : [{ call: ofDryRun }]),
    ...waiting,
  ]
  return [...Map.groupBy(calls, ({ call }) => call.webhook).values()]
    .slice(0, maxShown)
    .flatMap((some) => {
      const [first] = some
      if (first === undefined || (first.call.isOurs && ofDryRun?.isOurs)) return []
      const names = some.flatMap(({ name }) => (name === undefined ? [] : [name]))
      return [describe(first.call, names)]
    })
}

const maxShown = 10

function describe({ webhook, reason, isOurs }: FailedCall, names: readonly string[]): CheckResult {
  const pods = names.length === 0 ? '' : `, such as those of ${listNames(names)}`
  return isOurs
    ? failed(
        `the API server can’t call the webhook, so it refuses annotated pods${pods}: ${reason}`,
        'docs/install.md, "When the webhook does not answer"',
      )
    : failed(
        `the API server can’t call the webhook ${webhook}, which isn’t akv-injector’s, so it refuses pods${pods}: ${reason}`,
        'restore what serves that webhook: kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations shows its configuration',
      )
}
