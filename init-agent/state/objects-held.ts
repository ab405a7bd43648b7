import {
  type HeldObject,
  maxVariableVersions,
  newestVariables,
} from '../../delivery/agent-state.ts'
import type { AgentConfig } from '../../delivery/contract.ts'
import {
  type SourceVersion,
  type TargetSources,
  targetObjects,
} from '../../delivery/projection/target-sources.ts'
import {
  type WantedObject,
  wantedKey,
  wantedObjects,
} from '../../delivery/projection/wanted-objects.ts'
import { describeObject } from '../../keyvault/reference.ts'
import type { AkvErrorCode } from '../../lib/errors/akv-error.ts'

interface Holding {
  readonly config: Pick<AgentConfig, 'files' | 'templates' | 'env'>
  /** What was held before, by `objectKey`. Absent: this is the first fetch, or a restart has lost it. */
  readonly before: ReadonlyMap<string, HeldObject> | undefined
  /** Of the content in place. Absent: an earlier process wrote it. */
  readonly sources: TargetSources | undefined
  /** Of the objects that were just refreshed, by `objectKey`: why this failed, if it did. The others keep their failures. */
  readonly errors: ReadonlyMap<string, AkvErrorCode | undefined>
  /** When an object was last known to match the vault before that refresh, as ISO 8601. */
  readonly goodAt: (key: string) => string | undefined
  /** Now, as ISO 8601. */
  readonly at: string
}

/** What the agent holds of each object, by `objectKey`, in the order of `wantedObjects`. */
export function objectsHeld(holding: Holding): ReadonlyMap<string, HeldObject> {
  const { config, sources } = holding
  const targets = targetObjects(config)
  const firstVariable = targets.length - config.env.length
  const inTargets = (from: number) =>
    versionsInPlace(targets.slice(from), targets.map((_, i) => sources?.[i]).slice(from))
  const [inPlace, inVariables] = [inTargets(0), inTargets(firstVariable)]
  const held = wantedObjects(config).map((wanted) => {
    const key = wantedKey(wanted)
    const found = { inPlace: inPlace.get(key) ?? nothing(), inVariables: inVariables.get(key) }
    const before = holding.before?.get(key)
    return [key, heldObject(wanted, { ...holding, ...found, key, before })] as const
  })
  return new Map(held)
}

/** The versions that the targets of one object are made of. */
interface InPlace {
  readonly found: Map<string, SourceVersion>
  /** A restart has lost the version of a target. */
  isLost: boolean
  /** The vault's answer named no version. */
  isUnnamed: boolean
}

const nothing = (): InPlace => ({ found: new Map(), isLost: false, isUnnamed: false })

/** By `objectKey`. */
function versionsInPlace(
  targets: readonly (readonly string[])[],
  sources: TargetSources,
): ReadonlyMap<string, InPlace> {
  const all = new Map<string, InPlace>()
  for (const [i, keys] of targets.entries())
    for (const key of keys) {
      const inPlace = all.get(key) ?? nothing()
      all.set(key, inPlace)
      inPlace.isLost ||= sources[i] === undefined
      for (const source of sources[i]?.get(key) ?? [])
        if (source.version === undefined) inPlace.isUnnamed = true
        else inPlace.found.set(source.version, source)
    }
  return all
}

interface OneObject extends Omit<Holding, 'before'> {
  readonly key: string
  readonly inPlace: InPlace
  /** Absent: no variable has the object. */
  readonly inVariables: InPlace | undefined
  readonly before: HeldObject | undefined
}

function heldObject(wanted: WantedObject, one: OneObject): HeldObject {
  const versions = currentVersions(wanted, one)
  const since = sinceWhen(versions?.[0], one)
  const expires = expiryOf(versions?.[0], one)
  const failing = failureOf(one)
  const { variables, isCut } = variablesAfter(one)
  const isOlder = one.before?.older === true || isCut
  return {
    object: describeObject(wanted.reference),
    ...(versions && { versions }),
    ...(since !== undefined && { since }),
    ...(expires !== undefined && { expires }),
    ...(failing && { failing }),
    ...(variables && { variables }),
    ...(isOlder && { older: true }),
  }
}

/** Newest first: what was put in place later than the others, and a history in its own order. */
function currentVersions(
  { reference: { version: pinned }, versions: history, isRequired }: WantedObject,
  { inPlace, before }: OneObject,
): readonly string[] | undefined {
  const { found, isLost, isUnnamed } = inPlace
  if (isUnnamed) return undefined
  const old = before?.versions
  if (isLost && old === undefined)
    // The configuration of a pod never changes, so a required target can't have another version.
    return pinned !== undefined && isRequired && history === undefined ? [pinned] : undefined
  const current = new Set([...found.keys(), ...(isLost ? (old ?? []) : [])])
  if (history !== undefined || old === undefined) return [...current]
  const stayed = new Set(old.filter((version) => current.has(version)))
  return [...[...current].filter((version) => !stayed.has(version)), ...stayed]
}

/** Undefined if a restart has lost it. */
function sinceWhen(
  newest: string | undefined,
  { inPlace, before, at }: OneObject,
): string | undefined {
  if (newest === undefined) return undefined
  if (before === undefined) return inPlace.isLost ? undefined : at
  if (before.versions === undefined) return undefined
  return newest === before.versions[0] ? before.since : at
}

/** ISO 8601 writes later years with more digits. */
const latestMs = Date.UTC(9999, 11, 31, 23, 59, 59)

function expiryOf(newest: string | undefined, { inPlace, before }: OneObject): string | undefined {
  if (newest === undefined) return undefined
  const source = inPlace.found.get(newest)
  if (source === undefined) return newest === before?.versions?.[0] ? before.expires : undefined
  const { expiresAtMs: ms = Number.NaN } = source
  return ms >= 0 && ms <= latestMs ? new Date(ms).toISOString() : undefined
}

function failureOf({ key, errors, goodAt, before }: OneObject): HeldObject['failing'] {
  if (!errors.has(key)) return before?.failing
  const code = errors.get(key)
  if (code === undefined) return undefined
  const since = before?.failing ? before.failing.since : goodAt(key)
  return { code, ...(since !== undefined && { since }) }
}

/** The history of the versions that variables had, with those of now. `isCut`: the history isn't whole. */
function variablesAfter({ inVariables, before, at }: OneObject): {
  readonly variables?: HeldObject['variables']
  readonly isCut: boolean
} {
  if (inVariables === undefined) return { isCut: false }
  const { variables: past = [] } = before ?? {}
  // A version that nobody named has replaced those before it.
  if (inVariables.isUnnamed) return { variables: [], isCut: true }
  const { found, isLost } = inVariables
  if (isLost && past.length === 0)
    return { variables: past, isCut: before?.variables === undefined }
  const newestTime = past.at(-1)?.[1]
  const last = new Set(past.filter(([, since]) => since === newestTime).map(([known]) => known))
  // A lost variable has one of the last versions, beside the new one of another variable.
  const now = [...new Set([...found.keys(), ...(isLost ? last : [])])]
  if (now.length === last.size && now.every((version) => last.has(version)))
    return { variables: past, isCut: false }
  const all = [...past, ...now.map((version) => [version, at] as const)]
  const variables = newestVariables(all, maxVariableVersions)
  return { variables, isCut: variables.length < all.length }
}
