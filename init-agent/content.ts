import { AkvError } from '../keyvault/errors.ts'
import { describeObject, referenceKey } from '../keyvault/reference.ts'
import type { AgentConfig, Wanted, WantedFile, WantedVariable } from './contract.ts'
import { envValueProblem } from './env-file.ts'
import type { Outcome, Outcomes, WantedObject } from './fetch-objects.ts'

/** What the pod gets: values by path, and by variable, in the configuration's order. */
export interface Content {
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly env: ReadonlyMap<string, Uint8Array>
}

export const noContent: Content = { files: new Map(), env: new Map() }

export interface Projection {
  readonly content: Content
  /** One for each target that did not get a value of this round, though it should have. */
  readonly problems: readonly TargetProblem[]
}

export interface TargetProblem {
  /** The object's `referenceKey`. */
  readonly key: string
  readonly error: AkvError
}

/** The objects to fetch, each once however many targets want it. */
export function wantedObjects(config: AgentConfig): readonly WantedObject[] {
  const objects = new Map<string, WantedObject>()
  for (const { object, optional } of [...config.files, ...config.env]) {
    const key = referenceKey(object)
    const isRequired = optional !== true || objects.get(key)?.isRequired === true
    objects.set(key, { reference: objects.get(key)?.reference ?? object, isRequired })
  }
  return [...objects.values()]
}

/**
 * What the pod is to have after a round. A target whose object gave nothing new keeps what it had, and so does one
 * whose object is gone, unless `onDeleted` says to remove it (files only: a process keeps its environment anyway).
 *
 * @param round - `outcomes`: of this round, by `referenceKey`; `before`: what the pod has
 */
export function projectContent(
  config: AgentConfig,
  { outcomes, before }: { readonly outcomes: Outcomes; readonly before: Content },
): Projection {
  const files = config.files.map((file) =>
    settle(file, {
      name: file.path,
      outcome: outcomes.get(referenceKey(file.object)),
      old: before.files.get(file.path),
      isRemovable: config.onDeleted === 'remove',
    }),
  )
  const env = config.env.map((entry) =>
    settle(entry, {
      name: entry.variable,
      outcome: expressible(entry, outcomes.get(referenceKey(entry.object))),
      old: before.env.get(entry.variable),
      isRemovable: false,
    }),
  )
  return {
    content: { files: valuesOf(files), env: valuesOf(env) },
    problems: [...files, ...env].flatMap(({ problem }) => problem ?? []),
  }
}

interface Settled {
  readonly name: string
  readonly value: Uint8Array | undefined
  readonly problem: TargetProblem | undefined
}

function settle(
  { object, optional }: Wanted,
  target: {
    readonly name: string
    /** Absent: not asked for in this round. */
    readonly outcome: Outcome | undefined
    readonly old: Uint8Array | undefined
    readonly isRemovable: boolean
  },
): Settled {
  const { name, outcome, old, isRemovable } = target
  if (outcome === undefined) return { name, value: old, problem: undefined }
  if (outcome.kind === 'fetched') return { name, value: outcome.value, problem: undefined }
  const value = outcome.kind === 'absent' && isRemovable ? undefined : old
  const isMissed = outcome.kind === 'failed' || optional !== true || value !== undefined
  const problem = isMissed ? { key: referenceKey(object), error: outcome.error } : undefined
  return { name, value, problem }
}

/** What EnvFiles can't say counts as failed; an empty value, where that is allowed, as absent. */
function expressible(
  { variable, object, optional }: WantedVariable,
  outcome: Outcome | undefined,
): Outcome | undefined {
  if (outcome?.kind !== 'fetched') return outcome
  const reason = envValueProblem(variable, outcome.value)
  if (reason === undefined) return outcome
  const isAbsent = optional === true && outcome.value.length === 0
  const message = `variable ${variable}: the value of ${describeObject(object)} ${reason}`
  return {
    kind: isAbsent ? 'absent' : 'failed',
    error: new AkvError({ code: 'AKV_ENV_VALUE', message }),
  }
}

const valuesOf = (targets: readonly Settled[]): ReadonlyMap<string, Uint8Array> =>
  new Map(targets.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])))

/** Whether nothing is missing, so that the pod can be served from it. */
export function isWhole(config: AgentConfig, content: Content): boolean {
  const hasFile = ({ path, optional }: WantedFile) =>
    // A set is only ever switched in whole; what `remove` has taken out since is no gap.
    optional === true || config.onDeleted === 'remove' || content.files.has(path)
  return (
    config.files.every(hasFile) &&
    config.env.every(({ variable, optional }) => optional === true || content.env.has(variable))
  )
}

/** The names of the targets whose value is another, or there or not there any more. */
export function changedTargets(before: Content, after: Content): readonly string[] {
  const changed = (a: ReadonlyMap<string, Uint8Array>, b: ReadonlyMap<string, Uint8Array>) =>
    [...new Set([...a.keys(), ...b.keys()])].filter((name) => {
      const [old, now] = [a.get(name), b.get(name)]
      return !old || !now || Buffer.compare(old, now) !== 0
    })
  return [...changed(before.env, after.env), ...changed(before.files, after.files)]
}
