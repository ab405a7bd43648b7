import { countOf } from '../../../lib/count-of.ts'
import { listNames } from '../../../lib/list-names.ts'
import type { JsonObject } from '../../../lib/shape.ts'
import { type CheckResult, failed, warned } from '../model/check-result.ts'
import type { ComparedKind, InstalledObject } from '../model/installed.ts'
import { fullNameOf, textAt } from '../model/objects.ts'
import { describeChange } from './describe-change.ts'
import type { ExaminedDrift } from './examine-drift.ts'
import type { Drift } from './find-drift.ts'
import { restoreCommand } from './restore-command.ts'

/** What a check needs to know besides the differences. */
interface Surroundings {
  /** Where the ConfigMap with the installed objects is. */
  readonly namespace: string
  /** Whether the pod of a dry run got no agent. */
  readonly isDryRunBare: boolean
}

/** Describes the differences of objects of these kinds, each with the command that undoes it. */
export function checkDrift(
  { differences, lost }: ExaminedDrift,
  kinds: readonly ComparedKind[],
  { namespace, isDryRunBare }: Surroundings,
): readonly CheckResult[] {
  const some = differences.filter(({ object }) => kinds.includes(object.kind))
  const selection = some.find((one) => one.kind === 'changed' && one.field.selects)
  return some.map((drift) => {
    const hint = restoreCommand(drift, namespace)
    if (drift.kind === 'deleted') return describeDeleted(drift.object, hint)
    const isCause = drift === selection && (lost.length > 0 || isDryRunBare)
    return isCause ? describeCause(drift, lost, hint) : describeChanged(drift, hint)
  })
}

const titleOf = ({ kind, object }: InstalledObject): string => `${kind} ${fullNameOf(object)}`

const describeDeleted = (object: InstalledObject, hint: string): CheckResult =>
  object.kind === 'Service'
    ? failed(
        `somebody deleted ${titleOf(object)}: the API server can’t call the webhook once its open connections have ended`,
        hint,
      )
    : warned(`somebody deleted ${titleOf(object)}, so it protects nothing`, hint)

type Change = Extract<Drift, { kind: 'changed' }>

function sentenceOf(change: Change): string {
  const { entry, field, object, found } = change
  const of = entry?.name ?? titleOf(object)
  if (field.path.length > 0)
    return `somebody changed ${field.name} of ${of} (${describeChange(change)})`
  return `somebody ${found === undefined ? 'removed' : 'added'} the entry ${of} of ${titleOf(object)}`
}

const describeChanged = (change: Change, hint: string): CheckResult =>
  (change.field.isVital ? failed : warned)(`${sentenceOf(change)}: ${change.field.effect}`, hint)

/** Only the first change of a selector names the lost pods, because they are lost by all of them together. */
function describeCause(change: Change, lost: readonly JsonObject[], hint: string): CheckResult {
  const isOfPods = lost.every((one) => one['kind'] === 'Pod')
  const some = isOfPods ? 'these pods' : `the pods of ${countOf(lost.length, 'workload')}`
  const names = listNames(lost.map((one) => `${textAt(one, 'kind')} ${fullNameOf(one)}`.trim()))
  const consequence =
    lost.length === 0
      ? 'annotated pods start without their secrets'
      : `${some} start without their secrets: ${names}`
  return failed(
    `${sentenceOf(change)}, so ${consequence}`,
    `${hint}; then replace the pods that started meanwhile`,
  )
}
