import { printable } from '../../lib/printable.ts'
import type { Problem } from '../../lib/problem.ts'
import { subjectOf } from '../../webhook/core/csi/open-class.ts'
import { readClass } from '../../webhook/core/csi/read-class.ts'
import type { ServedVolumes } from '../../webhook/core/csi/read-served-volumes.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import { classSource } from '../input/class-source.ts'
import type { NamedObject } from '../input/find-objects.ts'
import type { AccountInFiles } from '../input/list-accounts.ts'
import type { Serving } from '../input/read-serving.ts'
import { describeClassSecrets } from './describe/describe-class-secrets.ts'
import { pathOf } from './describe/describe-injection.ts'
import { describeWanted, row } from './describe/describe-wanted.ts'
import { findSyncMistakes } from './find-sync-mistakes.ts'
import { readClassVolume, volumeOfClass } from './read-class-volume.ts'
import type { Verdict } from './verdict.ts'

/**
 * Reports whether volumes of a SecretProviderClass would be served, whatever pod has them.
 *
 * @param title - names the class and its file
 */
export function checkClass(
  title: string,
  found: NamedObject,
  {
    serving,
    listed,
  }: {
    readonly serving: Serving
    /** The accounts of the class's namespace in the files. */
    readonly listed: readonly AccountInFiles[]
  },
): Verdict {
  if (!serving.servesVolumes)
    return {
      isDenied: true,
      lines: [`${title}: akv-injector does not serve its volumes; docs/from-csi.md`],
    }
  const served = readClassVolume(found, serving.policy)
  if (served.leftToDriver !== undefined)
    return { isDenied: false, lines: [`${title}: not served: its provider is not azure`] }
  if (served.problems.length > 0)
    return refused(
      `${title}: would not be served`,
      served.problems.map((problem) => withoutVolume(problem, found.name)),
    )
  const source = classSource(found, serving.policy)
  const { namespace } = found
  const mistakes = source ? findSyncMistakes(source, { namespace, listed, ...serving }) : []
  if (mistakes.length > 0)
    return refused(`${title}: would be served, but its Secrets would not be synced`, mistakes)
  const details = [
    ...describeServed(served),
    ...(source ? describeClassSecrets(source, { namespace, listed }) : []),
    ...unknownParameters(found, serving.policy),
  ]
  return {
    isDenied: false,
    lines: [`${title}: would be served`, ...details.map((line) => `  ${line}`)],
  }
}

const refused = (firstLine: string, reasons: readonly string[]): Verdict => ({
  isDenied: true,
  lines: [firstLine, ...reasons.map((reason) => `  ${reason}`)],
})

function describeServed({ identity, files }: ServedVolumes): readonly string[] {
  const { clientId, tenantId } = identity
  const tenant = tenantId === undefined ? '' : ` in tenant ${tenantId}`
  return [
    row('identity', `${clientId ?? 'chosen by the pod or its ServiceAccount'}${tenant}`),
    ...files.map((file) =>
      row('file', `${pathOf(file)} (${file.mode}) from ${describeWanted(file)}`),
    ),
  ]
}

/** A problem of the class, without the volume that we made up. */
function withoutVolume({ subject, sentence }: Problem, className: string): string {
  const place = subject
    .replace(subjectOf({ name: volumeOfClass, className }), '')
    .replace(/^, /, '')
  return place === '' ? sentence : `${place}: ${sentence}`
}

function unknownParameters({ object }: NamedObject, { cloudName }: Policy): readonly string[] {
  const read = readClass(object, cloudName)
  return read.kind === 'azure'
    ? read.parameters.unknown.map(
        (name) => `warning: parameters.${printable(name)} is not known and not read`,
      )
    : []
}
