import { writeFileSync } from 'node:fs'
import type { AkvError } from '../lib/errors/akv-error.ts'

/** The kubelet reads no more of it. */
const maxBytes = 4096
/** If there is less room for what happened, a kind of error is only named. */
const leastMessageBytes = 160

/**
 * Why the agent ended, as `kubectl describe pod` shows it: for each kind of error the code, what happened and what to do.
 * If they don't fit, the messages are cut first, as they may list many objects, and then the last kinds.
 */
export function terminationMessage({ kinds }: AkvError): string {
  let shown = kinds
  while (shown.length > 1 && sizeOf(shown, { kinds, messageBytes: leastMessageBytes }) > maxBytes)
    shown = shown.slice(0, -1)
  let messageBytes = 0
  for (let step = maxBytes; step >= 1; step /= 2)
    if (sizeOf(shown, { kinds, messageBytes: messageBytes + step }) <= maxBytes)
      messageBytes += step
  return render(shown, { kinds, messageBytes })
}

interface Fit {
  /** All of them. */
  readonly kinds: readonly AkvError[]
  /** How long each message may be. */
  readonly messageBytes: number
}

const sizeOf = (shown: readonly AkvError[], fit: Fit): number =>
  Buffer.byteLength(render(shown, fit))

function render(shown: readonly AkvError[], { kinds, messageBytes }: Fit): string {
  const blocks = shown.map(
    ({ code, message, facts }) => `${code}: ${cut(message, messageBytes)} ${facts.remedy}`,
  )
  const others = kinds.slice(shown.length).map(({ code }) => code)
  return [...blocks, ...(others.length > 0 ? [`See the log for: ${others.join(', ')}`] : [])].join(
    '\n',
  )
}

/** Ends the message with a full stop, or where it is cut with an ellipsis. */
function cut(message: string, maxBytes: number): string {
  const bytes = Buffer.from(message)
  if (bytes.length <= maxBytes) return `${message}.`
  // A character cut in two would become U+FFFD.
  const whole = bytes
    .subarray(0, maxBytes)
    .toString()
    .replace(/\uFFFD+$/, '')
  return `${whole} …`
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
