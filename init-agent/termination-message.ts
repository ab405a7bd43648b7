import type { AkvError } from '../lib/errors/akv-error.ts'

/** The kubelet reads at most this much. */
const maxBytes = 4096
/** If a message would be cut shorter than this, the last kinds of error are listed by their code only. */
const minMessageBytes = 160

/**
 * Why the agent failed, as `kubectl describe pod` shows it: the code, the message and the remedy of each kind of error.
 * If they don't fit, the messages are cut, because they may list many objects. If they still don't fit, the last kinds
 * are listed by their code only.
 */
export function terminationMessage({ kinds }: AkvError): string {
  let shown = kinds
  while (shown.length > 1 && sizeOf(shown, { kinds, messageBytes: minMessageBytes }) > maxBytes)
    shown = shown.slice(0, -1)
  let messageBytes = 0
  for (let step = maxBytes; step >= 1; step /= 2)
    if (sizeOf(shown, { kinds, messageBytes: messageBytes + step }) <= maxBytes)
      messageBytes += step
  return render(shown, { kinds, messageBytes })
}

interface Fit {
  /** Every kind, shown or not. */
  readonly kinds: readonly AkvError[]
  /** The maximum length of each message. */
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

/** The message with a full stop, or cut and with an ellipsis. */
function cut(message: string, maxBytes: number): string {
  const bytes = Buffer.from(message)
  if (bytes.length <= maxBytes) return `${message}.`
  // Cutting a character in two leaves U+FFFD.
  const whole = bytes
    .subarray(0, maxBytes)
    .toString()
    .replace(/\uFFFD+$/, '')
  return `${whole} …`
}
