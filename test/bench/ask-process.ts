import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Sends a message to a process and resolves with its reply. Rejects if the process ends first. */
export async function askProcess<T>(child: ChildProcess, message: object | string): Promise<T> {
  const answered = new AbortController()
  const { signal } = answered
  child.send(message)
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`a process of the bench ended with ${code}`)
  })
  try {
    const [answer] = await Promise.race([once(child, 'message', { signal }), ended])
    return answer
  } finally {
    answered.abort()
    ended.catch(() => undefined)
  }
}
