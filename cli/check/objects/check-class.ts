import { printable } from '../../../lib/printable.ts'
import type { Problem } from '../../../lib/problems/problem.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { readClass } from '../../../requests/class/read-class.ts'
import { chooseAccount } from '../../../requests/source/choose-account.ts'
import { volumeSubject } from '../../../webhook/core/csi/open-class.ts'
import type { ServedVolumes } from '../../../webhook/core/csi/read-served-volumes.ts'
import type { AccountInFiles } from '../../input/accounts/list-accounts.ts'
import type { NamedObject } from '../../input/find-objects.ts'
import type { Serving } from '../../input/read-serving.ts'
import { classSource } from '../../input/sources/class-source.ts'
import { describeClassSecrets } from '../describe/describe-class-secrets.ts'
import { pathOf } from '../describe/describe-injection.ts'
import { describeWanted, row } from '../describe/describe-wanted.ts'
import { type Finding, sentenceFindings } from '../findings/finding.ts'
import { subjectOf, type Verdict } from '../findings/verdict.ts'
import { readClassVolume, volumeOfClass } from './read-class-volume.ts'

interface ClassContext {
  readonly serving: Serving
  /** The accounts of the class's namespace in the files. */
  readonly listed: readonly AccountInFiles[]
  /** Why Secret sync wouldn't make the Secrets of the class. */
  readonly syncMistakes: readonly string[]
}

/** Reports whether volumes of a SecretProviderClass would be served, whatever pod has them. */
export function checkClass(found: NamedObject, context: ClassContext): Verdict {
  const { serving, syncMistakes } = context
  const subject = subjectOf(found)
  const notServed = { subject, outcome: 'not-served', details: [] } as const
  if (!serving.servesVolumes)
    return { ...notServed, sentence: 'not served', findings: [volumesUnserved] }
  const served = readClassVolume(found, serving.policy)
  if (served.leftToDriver !== undefined)
    return { ...notServed, sentence: 'not served: its provider is not azure', findings: [] }
  if (served.problems.length > 0) {
    const sentences = served.problems.map((problem) => withoutVolume(problem, found.name))
    const findings = sentenceFindings(wrongClass, found, sentences)
    return { ...notServed, sentence: 'would not be served', findings }
  }
  if (syncMistakes.length > 0)
    return {
      ...notServed,
      outcome: 'served',
      sentence: 'would be served, but its Secrets would not be synced',
      findings: sentenceFindings(wrongSource, found, syncMistakes),
    }
  return acceptedClass(found, served, context)
}

const wrongClass = { severity: 'problem', code: 'AKV_CHECK_CLASS' } as const
const wrongSource = { severity: 'problem', code: 'AKV_SYNC_SOURCE' } as const

const volumesUnserved: Finding = {
  severity: 'problem',
  code: 'AKV_CHECK_UNSERVED',
  message: 'akv-injector does not serve its volumes; see docs/from-csi.md',
}

function acceptedClass(
  found: NamedObject,
  served: ServedVolumes,
  { serving, listed }: ClassContext,
): Verdict {
  const { namespace } = found
  const source = classSource(found, serving.policy)
  const chosen = source && chooseAccount(source.hints, { namespace, listed, what: 'the class' })
  const warnings = [
    ...(chosen?.kind === 'none' && listed.length > 0 ? [chosen.sentence] : []),
    ...unknownParameters(found, serving.policy),
  ]
  return {
    subject: subjectOf(found),
    outcome: 'served',
    sentence: 'would be served',
    details: [
      ...describeServed(served),
      ...(source ? describeClassSecrets(source, { namespace, listed }) : []),
    ],
    findings: sentenceFindings({ severity: 'warning', code: 'AKV_CHECK_WARNING' }, found, warnings),
  }
}

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
    .replace(volumeSubject({ name: volumeOfClass, className }), '')
    .replace(/^, /, '')
  return place === '' ? sentence : `${place}: ${sentence}`
}

function unknownParameters({ object }: NamedObject, { cloudName }: Policy): readonly string[] {
  const read = readClass(object, cloudName)
  return read.kind === 'azure'
    ? read.parameters.unknown.map(
        (name) => `parameters.${printable(name)} is unknown and has no effect`,
      )
    : []
}
