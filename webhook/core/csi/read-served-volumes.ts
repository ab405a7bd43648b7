import type { ServedVolume, WantedFile } from '../../../delivery/contract.ts'
import { maxServedVolumes } from '../../../delivery/contract.ts'
import { printable } from '../../../lib/printable.ts'
import {
  describeProblem,
  maxProblems,
  type Problem,
  plainProblem,
} from '../../../lib/problems/problem.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import type { BindingRequest } from '../../../requests/annotations/identity-binding.ts'
import type { Annotations } from '../../../requests/annotations/keys/own-annotations.ts'
import { parameterProblems } from '../../../requests/class/class-parameters.ts'
import type { LookedUp } from '../../../requests/class/looked-up.ts'
import { type ClassVolume, findClassVolumes } from '../model/find-class-volumes.ts'
import { isWindows } from '../model/is-windows.ts'
import type { Pod } from '../model/pod.ts'
import { usesWorkloadIdentity } from '../model/workload-identity.ts'
import { accountOf, readAccountIdentity } from './account.ts'
import type { AzureVolume } from './azure-volume.ts'
import { type ChosenIdentity, chooseIdentity, type PodIdentity } from './choose-identity.ts'
import { openClass, volumeField } from './open-class.ts'
import { secretWarnings } from './secret-warnings.ts'
import { readServedFiles } from './served-files.ts'

/** What a pod's volumes of the CSI driver ask for, read and checked. */
export interface ServedVolumes {
  /** In the pod's order. */
  readonly volumes: readonly ServedVolume[]
  readonly files: readonly WantedFile[]
  readonly identity: Pick<ChosenIdentity, 'clientId' | 'tenantId'>
  /** Which of the classes ask for an identity binding. */
  readonly bindings: readonly BindingRequest[]
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
  /** Why none of the volumes is served, if the pod has any and the driver may be there for them. */
  readonly leftToDriver?: 'windows-pod' | 'other-provider'
}

interface ReadingContext {
  readonly ownAnnotations: Annotations
  readonly policy: Policy
  readonly namespace: string
  readonly lookedUp: LookedUp
}

const nothingServed: ServedVolumes = {
  volumes: [],
  files: [],
  identity: {},
  bindings: [],
  problems: [],
  warnings: [],
}

/** Reads the volumes of the CSI driver (docs/specification.md, "Volumes of the CSI driver"). */
export function readServedVolumes(pod: Pod, context: ReadingContext): ServedVolumes {
  const found = findClassVolumes(pod)
  if (found.length === 0) return nothingServed
  if (isWindows(pod)) return { ...nothingServed, leftToDriver: 'windows-pod' }
  const excess = countProblems(found, pod)
  if (excess.length > 0) return { ...nothingServed, problems: excess }

  const opened = found.map((volume) => ({ volume, result: openClass(volume, context) }))
  const azure = opened.flatMap(({ volume, result }): AzureVolume[] =>
    result.kind === 'azure' && volume.className !== undefined
      ? [{ ...volume, ...result, className: volume.className, field: volumeField(volume) }]
      : [],
  )
  const refused = opened.flatMap(({ result }) => (result.kind === 'refused' ? result.problem : []))
  if (azure.length + refused.length === 0)
    return { ...nothingServed, leftToDriver: 'other-provider' }

  const served = serveVolumes(pod, azure, context)
  return { ...served, problems: [...refused, ...served.problems].slice(0, maxProblems) }
}

function serveVolumes(
  pod: Pod,
  azure: readonly AzureVolume[],
  context: ReadingContext,
): ServedVolumes {
  const served = readServedFiles(azure, context.lookedUp.readFiles)
  const identity = chooseIdentity(azure.map(identityOf), podIdentity(pod, azure, context))
  const wrongParameters = azure.flatMap(({ field, parameters }) =>
    parameterProblems(parameters, context).map((problem) => ({
      ...field,
      sentence: describeProblem(problem),
    })),
  )
  const warnings = [
    ...identity.warnings,
    ...azure.flatMap(unknownParameterWarnings),
    ...served.warnings,
    ...secretWarnings(pod, azure, context.namespace).map((sentence) => plainProblem(sentence)),
  ]
  return {
    volumes: azure.map(({ name, className }) => ({ name, class: className })),
    files: served.files,
    identity,
    bindings: azure.map(({ field, parameters }) => ({ field, asks: parameters.usesTokenProxy })),
    problems: [...wrongParameters, ...served.problems, ...identity.problems],
    warnings,
  }
}

/** Bounds the volumes before anything is done for each of them, and refuses two of one name, as the API server will. */
function countProblems(found: readonly ClassVolume[], { spec }: Pod): readonly Problem[] {
  const path = ['spec', 'volumes']
  if (found.length > maxServedVolumes)
    return [
      {
        path,
        sentence: `found ${found.length} volumes of the Secrets Store CSI Driver; accepted: at most ${maxServedVolumes}`,
      },
    ]
  const names = new Set(found.map(({ name }) => name))
  const seen = new Set<string>()
  for (const { name } of spec.volumes ?? []) {
    if (!names.has(name)) continue
    if (seen.has(name))
      return [{ path, sentence: `has two volumes with the name "${printable(name)}"; rename one` }]
    seen.add(name)
  }
  return []
}

const identityOf = ({ name, field, parameters, hasClientSecret }: AzureVolume) => ({
  volume: name,
  field,
  hasClientSecret,
  ...parameters,
})

function podIdentity(
  pod: Pod,
  volumes: readonly AzureVolume[],
  context: ReadingContext,
): PodIdentity {
  const { ownAnnotations, namespace } = context
  const name = accountOf(pod)
  const needsAccount =
    ownAnnotations['client-id'] === undefined &&
    volumes.some(({ parameters }) => !parameters.namesClient)
  return {
    annotated: { clientId: ownAnnotations['client-id'], tenantId: ownAnnotations['tenant-id'] },
    ...(needsAccount && {
      account: readAccountIdentity(context.lookedUp.account, { name, namespace }),
    }),
    isLabelled: usesWorkloadIdentity(pod),
    namespace,
    accountName: printable(name),
  }
}

const unknownParameterWarnings = ({ field, parameters }: AzureVolume): readonly Problem[] =>
  parameters.unknown.map((name) => ({
    ...field,
    sentence: `parameters.${printable(name)} is unknown and has no effect`,
  }))
