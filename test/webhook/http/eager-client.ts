// Runs in a worker: sends each request when the last byte of the previous answer arrives, in two TLS records, as Go does.

import { connect } from 'node:tls'
import { parentPort, workerData } from 'node:worker_threads'

export interface EagerClient {
  readonly port: number
  readonly ca: string
  readonly bodies: readonly string[]
  /** Counts the requests that were sent. */
  readonly sent: Int32Array
}

/** The sizes of the answers, in bytes, and why the connection ended before the last one, if it did. */
export interface EagerResult {
  readonly answerBytes: readonly number[]
  readonly problem?: string
}

const { port, ca, bodies, sent } = workerData as EagerClient
const answerBytes: number[] = []
const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca })
socket.setNoDelay()

function send(): void {
  const body = bodies[answerBytes.length]
  if (body === undefined) {
    end()
    return
  }
  const head = `POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
  socket.write(head + body.slice(0, 1_000))
  socket.write(body.slice(1_000), () => {
    Atomics.add(sent, 0, 1)
    Atomics.notify(sent, 0)
  })
}

function end(problem?: string): void {
  const result: EagerResult = { answerBytes, ...(problem !== undefined && { problem }) }
  parentPort?.postMessage(result)
  socket.destroy()
}

let received = Buffer.alloc(0)
socket.on('secureConnect', send)
socket.on('data', (chunk) => {
  received = Buffer.concat([received, chunk])
  const bodyAt = received.indexOf('\r\n\r\n') + 4
  const [, length] = /content-length: (\d+)/i.exec(received.toString('latin1', 0, bodyAt)) ?? []
  if (bodyAt < 4 || received.length < bodyAt + Number(length)) return
  answerBytes.push(Number(length))
  received = Buffer.alloc(0)
  send()
})
socket.on('error', ({ message }) => end(message))
socket.on('close', () => end('the connection was closed'))
