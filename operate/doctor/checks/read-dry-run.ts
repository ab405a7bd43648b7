import { objectsAt, valueAt } from '../../../lib/shape.ts'
import { agentName } from '../../../webhook/core/model/our-names.ts'
import { type CheckResult, failed, passed, unchecked } from '../model/check-result.ts'
import type { DryRun } from '../model/cluster-facts.ts'
import { readFailedCall } from '../model/failed-call.ts'
import { textAt } from '../model/objects.ts'

const page = 'docs/install.md, "When the webhook does not answer"'

/** What the last part of the API server's message means (docs/install.md). */
const causesFor = (repair: string): readonly (readonly [RegExp, string])[] => [
  [/no endpoints available/, 'no replica is ready: look at the pods of the webhook'],
  [
    /x509:|certificate/,
    `caBundle doesn’t match the certificate that the webhook serves: ${repair}`,
  ],
  [
    /context deadline exceeded|Client\.Timeout|connection refused|i\/o timeout|no route to host/,
    'the API server can’t reach the webhook’s port: look at the firewall and the network policies between them',
  ],
  [/service ".*" not found/, 'the Service of the webhook is missing: apply the install again'],
]

/** What other checks report, so that the dry run doesn't report its consequence. */
interface Known {
  /** Somebody has changed what selects the pods for the webhook. */
  readonly isSelectionChanged: boolean
  readonly isServiceMissing: boolean
  /** What to do about a certificate that the API server doesn't trust. */
  readonly repair: string
}

/**
 * Tells from the API server's answer to a dry run whether it can reach the webhook and trusts it. If the webhook denies
 * the pod, it is reachable, too: the administrator may have limited the vaults.
 */
export function readDryRun(
  dryRun: DryRun,
  { isSelectionChanged, ...known }: Known,
): readonly CheckResult[] {
  switch (dryRun.kind) {
    case 'none':
      return dryRun.sentence === '' ? [] : [unchecked(dryRun.sentence)]
    case 'left-alone':
      return isSelectionChanged ? [] : [unchecked(leftAlone)]
    case 'created':
      if (hasAgent(dryRun.pod))
        return [
          passed(`a pod created by a dry run in namespace ${dryRun.namespace} gets the agent`),
        ]
      return isSelectionChanged
        ? []
        : [
            failed(
              `a pod created by a dry run in namespace ${dryRun.namespace} gets no agent`,
              'look at the entries of the webhook configuration: namespaceSelector, objectSelector and matchConditions',
            ),
          ]
    case 'refused':
      return readRefusal(dryRun, known)
    default:
      return dryRun satisfies never
  }
}

const leftAlone =
  'the webhook leaves all namespaces alone, so none of their pods shows whether it answers'

function readRefusal(
  { namespace, status, message }: Extract<DryRun, { kind: 'refused' }>,
  { isServiceMissing, repair }: Omit<Known, 'isSelectionChanged'>,
): readonly CheckResult[] {
  const call = readFailedCall(message)
  if (call !== undefined && !call.isOurs) return []
  if (call !== undefined) {
    const cause = causesFor(repair).find(([pattern]) => pattern.test(message))?.[1]
    return isServiceMissing
      ? []
      : [
          failed(
            `the API server can’t call the webhook: ${call.reason}`,
            cause === undefined ? page : `${cause} (${page})`,
          ),
        ]
  }
  if (/admission webhook "[\w-]*pods\.akv-injector\.io" denied the request/.test(message))
    return [passed(`the webhook answers the API server, over TLS that it trusts`)]
  return [
    unchecked(
      `whether the webhook answers: the API server refused a pod created by a dry run in namespace ${namespace} (HTTP ${status}): ${message}`,
      'name another namespace with --namespace',
    ),
  ]
}

/** Whether a pod that the dry run created has the agent. */
export const hasAgent = (pod: unknown): boolean =>
  objectsAt(pod, 'spec', 'initContainers').some(
    (container) =>
      textAt(container, 'name') === agentName && valueAt(container, 'env') !== undefined,
  )
