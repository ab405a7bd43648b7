import { isUtf8 } from 'node:buffer'

/**
 * The file that the kubelet reads `fileKeyRef` variables from (EnvFiles, Kubernetes 1.35 and later): one
 * `NAME='value'` for each, the value literal, without any escape.
 */

/** The kubelet fails a longer line. */
const maxEntryBytes = 64 * 1024

/** Why EnvFiles can't express a value, or nothing. Says nothing of the value beyond that. */
export function envValueProblem(variable: string, value: Uint8Array): string | undefined {
  if (value.length === 0) return 'is empty, which Kubernetes reads as missing'
  if (!isUtf8(value)) return 'is not valid UTF-8'
  if (value.includes(0x27)) return "contains a single quote ('), which Kubernetes can't read back"
  if (value.includes(0x0d)) return 'contains a carriage return, which Kubernetes would drop'
  if (value.includes(0)) return 'contains a NUL byte'
  if (Buffer.byteLength(variable) + value.length + 3 > maxEntryBytes)
    return 'is too long for a line of 64 KiB'
  return undefined
}

/** Variables must have passed {@link envValueProblem}. */
export function renderEnvFile(variables: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts = [...variables].flatMap(([name, value]) => [
    Buffer.from(`${name}='`),
    value,
    Buffer.from(`'\n`),
  ])
  return Buffer.concat(parts)
}

/** Reads what {@link renderEnvFile} wrote; undefined for anything else. */
export function parseEnvFile(
  bytes: Uint8Array | undefined,
): ReadonlyMap<string, Uint8Array> | undefined {
  if (bytes === undefined) return undefined
  // Latin-1 keeps each byte as one character.
  const text = Buffer.from(bytes).toString('latin1')
  const entry = /([A-Za-z_][A-Za-z0-9_]*)='([^']*)'\n/y
  const variables = new Map<string, Uint8Array>()
  while (entry.lastIndex < text.length) {
    const match = entry.exec(text)
    if (!match) return undefined
    const [, name = '', value = ''] = match
    variables.set(name, Buffer.from(value, 'latin1'))
  }
  return variables
}
