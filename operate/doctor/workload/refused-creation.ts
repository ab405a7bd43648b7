import { type JsonObject, objectsAt } from '../../../lib/shape.ts'
import { type CheckResult, failed } from '../model/check-result.ts'
import { oneLine, textAt, timeOfEvent } from '../model/objects.ts'

/** Why a controller could not create pods, from its newest event or its object's condition. */
export function refusedCreation({
  events = [],
  objects,
}: {
  readonly events: readonly JsonObject[] | undefined
  readonly objects: readonly JsonObject[]
}): CheckResult | undefined {
  const newest = events
    .filter((event) => textAt(event, 'reason') === 'FailedCreate')
    .toSorted((a, b) => timeOf(b) - timeOf(a))[0]
  const condition = objects
    .flatMap((object) => objectsAt(object, 'status', 'conditions'))
    .find((one) => one['type'] === 'ReplicaFailure' && one['status'] === 'True')
  const message = oneLine(textAt(newest, 'message') || textAt(condition, 'message'))
  if (message === '') return undefined
  const { sentence, hint } = explain(message)
  return failed(`${sentence}: ${message}`, hint)
}

const timeOf = (event: JsonObject): number => timeOfEvent(event) ?? 0

function explain(message: string): { readonly sentence: string; readonly hint: string } {
  if (/admission webhook "[\w-]*pods\.akv-injector\.io" denied/.test(message))
    return {
      sentence: 'the webhook refuses its pods',
      hint: 'correct the annotations of the pod template; akv-injector check FILE says the same before you apply it',
    }
  if (/failed calling webhook "[\w-]*pods\.akv-injector\.io"/.test(message))
    return {
      sentence: 'the API server can’t call the webhook',
      hint: 'akv-injector doctor examines the install; the pods are created by themselves once a replica is ready',
    }
  if (
    /exceeded quota|must specify limits|must specify requests|(?:minimum|maximum) \w+ usage per/.test(
      message,
    )
  )
    return {
      sentence: 'a quota or a LimitRange refuses its pods',
      hint: 'if the number is the agent’s, set akv-injector.io/agent-requests and agent-limits (docs/install.md, "Pods refused by a LimitRange")',
    }
  return {
    sentence: 'its pods are refused',
    hint: 'ask whoever owns what the message names; akv-injector isn’t involved unless it is named',
  }
}
