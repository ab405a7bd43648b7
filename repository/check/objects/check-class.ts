import { bindingSignIn, pathOf } from '../../../command/review/describe-injection.ts'
import { describeWanted, row } from '../../../command/review/describe-wanted.ts'
import type { Serving } from '../../../command/review/read-serving.ts'
import { printable } from '../../../lib/printable.ts'
import {
  describeProblem,
  maxProblems,
  type Problem,
  plainProblem,
} from '../../../lib/problems/problem.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { azureAnnotations } from '../../../requests/annotations/azure-identity.ts'
import {
  type ClassParameters,
  parameterPath,
  parameterProblems,
  unusedParameters,
} from '../../../requests/class/class-parameters.ts'
import { type ReadClass, readClass } from '../../../requests/class/read-class.ts'
import {
  type ClassFiles,
  classPathProblems,
  readClassFiles,
} from '../../../requests/class/read-class-files.ts'
import { classNameProblem } from '../../../webhook/core/csi/open-class.ts'
import { chooseAccountInFiles } from '../../input/accounts/choose-account-in-files.ts'
import type { NamedObject } from '../../input/objects/find-objects.ts'
import { classSource } from '../../input/sources/class-source.ts'
import { describeClassSecrets } from '../describe/describe-class-secrets.ts'
import type { SourceFacts } from '../find/read-sources.ts'
import { type Finding, problemFindings, warningFindings } from '../findings/finding.ts'
import { subjectOf, type Verdict } from '../findings/verdict.ts'

interface ClassContext extends Pick<SourceFacts, 'listed' | 'mistakes'> {
  readonly serving: Serving
}

/** Reports whether volumes of a SecretProviderClass would be served, regardless of the pod. */
export function checkClass(found: NamedObject, context: ClassContext): Verdict {
  const { serving, mistakes } = context
  const subject = subjectOf(found)
  const notServed = { subject, outcome: 'not-served', details: [] } as const
  if (!serving.servesVolumes)
    return { ...notServed, sentence: 'not served', findings: [volumesUnserved] }
  const read = readNamedClass(found, serving.policy)
  if (read.kind === 'other-provider')
    return { ...notServed, sentence: 'not served: its provider is not azure', findings: [] }
  if (read.kind === 'wrong')
    return {
      ...notServed,
      sentence: 'would not be served',
      findings: [
        ...problemFindings('AKV_CHECK_CLASS', found, read.problems),
        ...problemFindings('AKV_SYNC_SOURCE', found, without(read.problems, mistakes)),
        ...warningFindings(found, read.warnings),
      ],
    }
  return acceptedClass(found, read, context)
}

/** Leaves out problems that are known already: volumes and Secrets have some in common. */
function without(known: readonly Problem[], problems: readonly Problem[]): readonly Problem[] {
  const lines = new Set(known.map(describeProblem))
  return problems.filter((problem) => !lines.has(describeProblem(problem)))
}

const volumesUnserved: Finding = {
  severity: 'problem',
  code: 'AKV_CHECK_UNSERVED',
  message: 'akv-injector does not serve its volumes; see docs/from-csi.md',
}

interface AcceptedClass {
  readonly kind: 'accepted'
  readonly parameters: ClassParameters
  readonly files: ClassFiles['files']
  readonly warnings: ClassFiles['warnings']
}

/** Reads a class as the webhook would for a pod that uses it and names no client itself. */
function readNamedClass(
  { name, namespace, object }: NamedObject,
  policy: Policy,
):
  | AcceptedClass
  | {
      readonly kind: 'wrong'
      readonly problems: readonly Problem[]
      /** An unknown parameter may be the misspelt name of one that is missing. */
      readonly warnings: readonly Problem[]
    }
  | Extract<ReadClass, { readonly kind: 'other-provider' }> {
  const nameProblem = classNameProblem(name, namespace)
  const wrong = (problems: readonly Problem[], warnings: readonly Problem[] = []) =>
    ({ kind: 'wrong', problems: problems.slice(0, maxProblems), warnings }) as const
  if (nameProblem !== undefined) return wrong([plainProblem(nameProblem)])
  const read = readClass(object, policy.cloudName)
  if (read.kind === 'wrong') return wrong([read.problem])
  if (read.kind === 'other-provider') return read
  const { parameters } = read
  const { files, problems: wrongFiles, warnings: ignoredFields } = readClassFiles(parameters)
  const warnings = [...parameters.unknown.map(unknownParameter), ...ignoredFields]
  const problems = [
    ...parameterProblems(parameters, { policy, namespace }),
    ...wrongFiles,
    ...classPathProblems(files),
  ]
  return problems.length > 0
    ? wrong(problems, warnings)
    : { kind: 'accepted', parameters, files, warnings }
}

function acceptedClass(
  found: NamedObject,
  { parameters, files, warnings: ofFields }: AcceptedClass,
  { serving, listed, mistakes }: ClassContext,
): Verdict {
  const { namespace } = found
  const source = classSource(found, serving.policy)
  const chosen =
    source && chooseAccountInFiles(source.hints, { namespace, listed, what: 'the class' })
  const warnings = [
    ...(chosen?.kind === 'none' && listed.length > 0
      ? [plainProblem(chosen.sentence, chosen.path)]
      : []),
    ...(source ? unusedParameters(parameters) : []),
    ...ofFields,
  ]
  return {
    subject: subjectOf(found),
    outcome: 'served',
    sentence:
      mistakes.length > 0
        ? 'would be served, but its Secrets would not be synced'
        : 'would be served',
    details: [
      ...describeServed(parameters, files),
      ...(source && mistakes.length === 0
        ? describeClassSecrets(source, { namespace, listed })
        : []),
    ],
    findings: [
      ...problemFindings('AKV_SYNC_SOURCE', found, mistakes),
      ...warningFindings(found, warnings),
    ],
  }
}

function describeServed(
  { clientId, tenantId, usesTokenProxy, otherSignIn }: ClassParameters,
  files: ClassFiles['files'],
): readonly string[] {
  const tenant = tenantId === undefined ? '' : ` in tenant ${tenantId}`
  const how = usesTokenProxy ? `, ${bindingSignIn}` : ''
  return [
    row('identity', `${clientId ?? 'chosen by the pod or its ServiceAccount'}${tenant}${how}`),
    ...(otherSignIn === undefined ? [] : [row('needs', neededInsteadOf(otherSignIn, clientId))]),
    ...files.map(({ file }) =>
      row('file', `${pathOf(file)} (${file.mode}) from ${describeWanted(file)}`),
    ),
  ]
}

/** What the pods of a class need in place of another way to sign in, in the order in which to make it. */
function neededInsteadOf(otherSignIn: string, clientId: string | undefined): string {
  const credential = 'a federated credential for the ServiceAccount of each pod'
  const needed =
    clientId === undefined
      ? `a client that may read the vault, the annotation ${azureAnnotations.clientId} with its ID on the ServiceAccount of each pod, and ${credential}`
      : credential
  return `${needed}, because ${otherSignIn} isn't used (akv-injector identity prints the commands)`
}

const unknownParameter = (name: string): Problem =>
  plainProblem(`parameters.${printable(name)} is unknown and has no effect`, parameterPath(name))
