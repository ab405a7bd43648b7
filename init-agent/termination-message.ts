import { writeFileSync } from 'node:fs'
import type { AkvError } from '../keyvault/errors.ts'

/** The kubelet reads no more of it. */
const maxBytes = 4096

/** Why the agent ended, as `kubectl describe pod` shows it: the code, what happened, what to do. */
export function terminationMessage(error: AkvError): string {
  const text = `${error.code}: ${error.message}. ${error.facts.remedy}`
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  // What to do stands last and is worth more than the end of a long list.
  const remedy = ` … ${error.facts.remedy}`
  const room = maxBytes - Buffer.byteLength(remedy)
  // A character cut in two would become U+FFFD, three bytes long.
  return `${bytes
    .subarray(0, room)
    .toString()
    .replace(/\uFFFD+$/, '')}${remedy}`
}

/** @returns whether the file could be written: outside a pod there may be none */
export function writeTerminationMessage(path: string, error: AkvError): boolean {
  try {
    writeFileSync(path, terminationMessage(error))
    return true
  } catch {
    return false
  }
}
