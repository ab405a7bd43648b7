import { isUtf8 } from 'node:buffer'

/** The kubelet rejects a longer line of an EnvFile. */
const maxEntryBytes = 64 * 1024

/**
 * Why an EnvFile (Kubernetes 1.35 and later) can't hold this value, or undefined if it can. The sentence shows nothing
 * of the value.
 */
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
