import type {
  ServedVolume,
  WantedFile,
  WantedFind,
  WantedTemplate,
  WantedVariable,
} from '../../delivery/contract.ts'
import { neededValues } from '../../delivery/needed-values.ts'
import type { Problem } from '../../lib/problems/problem.ts'
import { chooseVaults } from '../administrator/choose-vaults.ts'
import type { Policy } from '../administrator/policy.ts'
import { envProblems } from './env-problems.ts'
import {
  type Annotations,
  annotationPrefix,
  isObjectKey,
  objectKeys,
  ownPath,
  sizeProblems,
  valueProblem,
} from './keys/own-annotations.ts'
import { type RequestedObjects, readObjects } from './objects/read-objects.ts'
import { pathProblems, variableProblems } from './objects/target-problems.ts'
import { onChangeKey } from './on-change.ts'
import { type PodSettings, podSettings } from './pod-settings.ts'
import { readValues } from './read-values.ts'
import { unknownKeyOnPod } from './vocabulary.ts'

/** What a pod asks for, read and checked. */
export interface PodRequest extends PodSettings {
  readonly files: readonly WantedFile[]
  /** Absent if there are none. */
  readonly finds?: readonly WantedFind[]
  readonly templates: readonly WantedTemplate[]
  readonly env: readonly WantedVariable[]
  /** The volumes of the CSI driver that the agent serves. Absent if there are none. */
  readonly volumes?: readonly ServedVolume[]
}

/**
 * Reads a pod's annotations, within what the administrator allows.
 *
 * @param context - `hasVolumes`: the pod asks for something else, so its annotations need not name objects
 * @returns the request and every problem found; a request with problems must not be carried out
 */
export function readPodAnnotations(
  annotations: Annotations,
  context: { readonly policy: Policy; readonly namespace: string; readonly hasVolumes?: boolean },
): { readonly request: PodRequest; readonly problems: readonly Problem[] } {
  const { policy, namespace, hasVolumes = false } = context
  const excess = sizeProblems(annotations)
  if (excess.length > 0) return { request: { files: [], templates: [], env: [] }, problems: excess }

  const { values, problems } = readValues(annotations, {
    table: podSettings,
    isReadElsewhere: isObjectKey,
    unknownKey: unknownKeyOnPod,
  })
  if (values['run-as']?.uid === 0 && !policy.allowRoot)
    problems.push(
      valueProblem(
        annotations,
        'run-as',
        'the administrator does not allow root (AKV_INJECTOR_ALLOW_ROOT)',
      ),
    )

  const choice = chooseVaults(annotations, { vault: values.vault, policy, namespace })
  const wanted = readObjects(annotations, choice.defaultVault)
  problems.push(
    ...wanted.problems,
    ...choice.vaultProblems(vaultsOf(wanted)),
    ...pathProblems(wanted.files, wanted.templates, wanted.finds),
    ...variableProblems(wanted.env),
    ...envProblems(annotations, policy),
  )
  const files = wanted.files.map(({ wanted }) => wanted)
  const finds = wanted.finds.map(({ wanted }) => wanted)
  const templates = wanted.templates.map(({ wanted }) => wanted)
  const env = wanted.env.map(({ wanted }) => wanted)
  const count = files.length + finds.length + templates.length + env.length
  if (!hasVolumes && problems.length === 0 && count === 0) problems.push(nothingToFetch(values))
  if (finds.length > 0 && values[onChangeKey] === 'rollout') problems.push(findsRollOut)
  const request = {
    ...defaultTimes(values, { policy, hasVolumes }),
    ...values,
    files,
    ...(finds.length > 0 && { finds }),
    templates,
    env,
  }
  return { request, problems }
}

/**
 * The times that a pod has from its namespace. A default for stale objects must not stop a pod that chose another interval, or none, so
 * there it doesn't apply.
 */
function defaultTimes(
  values: PodSettings,
  { policy, hasVolumes }: { readonly policy: Policy; readonly hasVolumes: boolean },
): Pick<PodSettings, 'refresh' | 'stale-after'> {
  const { defaultRefreshSeconds, defaultStaleAfterSeconds: staleAfter } = policy
  const ofVolumes = hasVolumes ? policy.csiRefreshSeconds : 0
  const refresh = values.refresh ?? defaultRefreshSeconds ?? ofVolumes
  const isUseful = staleAfter !== undefined && refresh > 0 && staleAfter >= 2 * refresh
  return {
    ...(defaultRefreshSeconds !== undefined && { refresh: defaultRefreshSeconds }),
    ...(isUseful && { 'stale-after': staleAfter }),
  }
}

/** In the template of pods that only use a synced Secret, `on-change` makes them pods to inject. */
const nothingToFetch = ({ [onChangeKey]: onChange }: PodSettings): Problem => ({
  path: ownPath(onChange === undefined ? 'secrets' : onChangeKey),
  sentence: `nothing to fetch; name objects in ${objectKeys.map((key) => annotationPrefix + key).join(', ')}${onChange === undefined ? '' : '. If the pods only use a Secret that is synced, move the annotation to metadata.annotations of the workload'}`,
})

/** The controller of roll-outs knows only what a pod template names. */
const findsRollOut: Problem = {
  path: ownPath(onChangeKey),
  found: 'rollout',
  sentence:
    'a change of what "find:" finds starts no roll-out; name the objects, or use rollout-env or akv-injector.io/notify',
}

function vaultsOf({ files, finds, templates, env }: RequestedObjects): readonly string[] {
  const inTemplates = templates.flatMap(({ wanted }) =>
    wanted.segments.filter((segment) => typeof segment !== 'string'),
  )
  const elsewhere = [...files, ...env].flatMap(({ wanted }) => neededValues(wanted))
  const searched = finds.map(({ wanted }) => wanted.vault)
  return [...[...elsewhere, ...inTemplates].map(({ object }) => object.vault), ...searched]
}
