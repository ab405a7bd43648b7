import { isObject, type JsonObject, valueAt } from '../../lib/shape.ts'
import { isKnownParameter, maxUnknown } from './class-parameters.ts'
import type { Lookup } from './looked-up.ts'

/** Twice as much as an object list that is accepted, and little enough to hold for hundreds of reviews at once. */
const maxParameterCharacters = 64 * 1024
/** As many Secrets as a pod gets warnings about. */
const maxSecrets = 16
/** Kubernetes' bound for names of objects; messages show less. */
const maxNameLength = 253

/**
 * Reduces a SecretProviderClass to what `mutate` reads of it, without a change of the outcome. A class can have 1 MiB, and
 * many reviews may wait for their other classes at once.
 */
export function pruneClass(object: unknown): Lookup {
  const spec = valueAt(object, 'spec')
  if (!isObject(spec)) return { kind: 'found', object: {} }
  const { provider, parameters, secretObjects } = spec
  const kept = isObject(parameters) ? pruneParameters(parameters) : {}
  const characters = Object.values(kept).reduce((sum, value) => sum + value.length, 0)
  if (characters > maxParameterCharacters)
    return {
      kind: 'failed',
      reason: `its parameters have ${characters} characters; accepted: at most ${maxParameterCharacters}`,
    }
  return {
    kind: 'found',
    object: {
      spec: {
        provider: typeof provider === 'string' ? provider.slice(0, maxNameLength) : '',
        parameters: isObject(parameters) || parameters == null ? kept : [],
        secretObjects: pruneSecrets(secretObjects),
      },
    },
  }
}

/** An empty list stands for any value that isn't a string. */
function pruneParameters(parameters: JsonObject): Readonly<Record<string, string | never[]>> {
  const kept: [string, string | never[]][] = []
  let unknown = 0
  for (const name in parameters) {
    if (!Object.hasOwn(parameters, name)) continue
    const value = parameters[name]
    if (!isKnownParameter(name)) {
      unknown++
      if (unknown <= maxUnknown) kept.push([name.slice(0, maxNameLength), ''])
    } else if (value != null) kept.push([name, typeof value === 'string' ? value.trim() : []])
  }
  return Object.fromEntries(kept)
}

function pruneSecrets(secretObjects: unknown): readonly JsonObject[] {
  if (!Array.isArray(secretObjects)) return []
  const kept: JsonObject[] = []
  for (const entry of secretObjects) {
    const secretName = valueAt(entry, 'secretName')
    if (typeof secretName !== 'string' || secretName.length > maxNameLength) continue
    if (kept.length === maxSecrets) break
    kept.push({ secretName })
  }
  return kept
}
