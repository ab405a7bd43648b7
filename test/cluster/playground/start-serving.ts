import { spawn } from 'node:child_process'
import type { ServeMessage } from './serve.ts'
import type { NodeState } from './state.ts'

export interface Serving {
  /** The program of serve.ts, and its arguments. */
  readonly args: readonly string[]
  /** The file descriptor of the cluster's log. */
  readonly log: number
  readonly onProgress: (line: string) => void
}

/**
 * Starts the process that runs the cluster, and leaves it running.
 *
 * @throws Error with the reason if the cluster can't start
 */
export function startServing({ args, log, onProgress }: Serving): Promise<NodeState> {
  const serve = spawn(process.execPath, args, {
    stdio: ['ignore', log, log, 'ipc'],
    detached: true,
  })
  return new Promise<NodeState>((resolve, reject) => {
    serve.once('exit', () => reject(new Error('the process ended before the cluster was ready')))
    serve.once('error', reject)
    serve.on('message', (message: ServeMessage) => {
      if (message.kind === 'progress') onProgress(message.line)
      if (message.kind === 'failed') reject(new Error(message.line))
      if (message.kind === 'ready') resolve(message.state)
    })
    // Not before: if it were killed, Node would end without waiting to hear of it.
  }).finally(() => serve.unref())
}
