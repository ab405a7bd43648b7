import { connect } from 'node:net'
import { workerData } from 'node:worker_threads'

/** A worker that opens connections while the thread of the server waits. */
export interface ManyConnections {
  readonly port: number
  readonly count: number
  /** Holds how many connections are open. */
  readonly opened: Int32Array<SharedArrayBuffer>
}

const { port, count, opened } = workerData as ManyConnections
for (let i = 0; i < count; i++)
  connect({ host: '127.0.0.1', port }, () => {
    if (Atomics.add(opened, 0, 1) + 1 === count) Atomics.notify(opened, 0)
  }).on('error', () => {})
