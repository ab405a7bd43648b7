import { secretOf } from '../../delivery/destination.ts'
import { type Content, noContent } from '../../delivery/projection/project-content.ts'
import type { RefreshState } from '../../delivery/projection/refresh-content.ts'
import type { RequestedSecret } from '../../requests/secret/requested-secret.ts'
import type { StoredSecret } from '../plan/stored-secret.ts'
import type { AccountValues } from './account-values.ts'

/** More than an account should need. */
export const maxKeptBytes = 4 * 1024 * 1024
/** The memory that a value takes besides its bytes. */
const entryBytes = 256

interface ValueBounds {
  /** The oldest first. */
  readonly secrets: readonly RequestedSecret[]
  readonly maxBytes: number
}

/**
 * The composed Secrets whose values are too large to be kept. The older ones come first, so that nobody can take their place.
 */
export function tooLargeSecrets(
  files: Content['files'],
  { secrets, maxBytes }: ValueBounds,
): ReadonlySet<string> {
  const sizes = new Map<string | undefined, number>()
  for (const { bytes, to } of files.values()) {
    const secret = secretOf(to)
    sizes.set(secret, (sizes.get(secret) ?? 0) + bytes.length + entryBytes)
  }
  const tooLarge = new Set<string>()
  let left = maxBytes
  for (const { name, composition } of secrets) {
    if (!composition) continue
    const size = sizes.get(name) ?? 0
    if (size > left) tooLarge.add(name)
    else left -= size
  }
  return tooLarge
}

/**
 * Bounds the values of an account that are kept between rounds. If all of them are too large together, only those of
 * composed Secrets are kept, as far as they fit. The next round reads the others from the Secrets, as after a restart.
 */
export function boundValues(
  values: AccountValues,
  { secrets, maxBytes }: ValueBounds,
): AccountValues {
  const { refresh, tooLarge } = values
  if (valueBytesOf(refresh) <= maxBytes) return values
  const kept = new Set(
    secrets.flatMap(({ name, composition }) => (composition && !tooLarge.has(name) ? [name] : [])),
  )
  const isKept = (secret: string | undefined) => secret !== undefined && kept.has(secret)
  const files = new Map([...refresh.content.files].filter(([, { to }]) => isKept(secretOf(to))))
  return {
    ...values,
    refresh: { ...refresh, content: { ...noContent, files }, known: new Map() },
    seeded: kept,
    filled: new Map([...values.filled].filter(([, secret]) => isKept(secret))),
  }
}

/** About how much memory the values of an account take. */
export function valueBytesOf({ content, known }: RefreshState): number {
  let size = 0
  for (const { bytes } of content.files.values()) size += bytes.length + entryBytes
  for (const found of known.values())
    size += (found.kind === 'secret' ? found.value.length : 0) + entryBytes
  return size
}

/** About how much memory a stored Secret takes. Others can fill it with tens of thousands of empty keys, or of fields. */
export function weightOf(stored: StoredSecret): number {
  const { data, labels, annotations, applied, others } = stored
  let bytes = 0
  for (const value of data.values()) bytes += value.length
  for (const text of annotations.values()) bytes += text.length
  let entries = data.size + labels.size + annotations.size
  for (const owned of [applied, ...others.values()])
    entries += owned.data.size + owned.labels.size + owned.annotations.size
  return bytes + entries * entryBytes
}
