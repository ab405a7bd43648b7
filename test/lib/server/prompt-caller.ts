import { connect } from 'node:tls'
import { workerData } from 'node:worker_threads'

/** A caller in a worker. It sends each request as soon as it has the answer to the one before. */
export interface PromptCaller {
  readonly port: number
  readonly ca: string
  /** Holds how many requests have been sent. */
  readonly sent: Int32Array<SharedArrayBuffer>
}

const { port, ca, sent } = workerData as PromptCaller
const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca })

function send(): void {
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  Atomics.add(sent, 0, 1)
  Atomics.notify(sent, 0)
}
socket.once('secureConnect', send).on('data', send)
