import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'

/**
 * What is said on each new connection: nothing, or a hello. `split` is a hello for P-384 whose first byte comes before the rest, and
 * `whole` a handshake that the client finishes.
 */
export const floods = ['silent', 'hello', 'P-384', 'P-521', 'split', 'earlyData', 'whole'] as const
export type Flood = (typeof floods)[number]

interface FloodOptions {
  readonly port: number
  /** Another one for each flood: an address that leaves handshakes unfinished has no room for whole ones. */
  readonly address: string
  readonly isOver: () => boolean
  /** Counts the connections, in the order of {@link floods}. */
  readonly sent: Int32Array
}

/** How many connections each flood opens at least, however long that takes. */
export const leastFlood = 400
const callers = 16

/** Opens connections from one address as fast as it can, and asks for a handshake on each. */
export async function flood(kind: Flood, options: FloodOptions): Promise<void> {
  const { port, address, isOver, sent } = options
  const said = await saidBy(kind)
  const index = floods.indexOf(kind)
  const call = async () => {
    while (!isOver() || Atomics.load(sent, index) < leastFlood) {
      const to = { host: '127.0.0.1', port, localAddress: address }
      const socket =
        kind === 'whole' ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to)
      socket.on('error', () => {})
      const opened = kind === 'whole' ? 'secureConnect' : 'connect'
      const answered = new Promise<void>((resolve) => {
        socket.once(opened, () => {
          for (const [i, part] of said.entries()) setTimeout(() => socket.write(part), 200 * i)
          Atomics.add(sent, index, 1)
          // The end comes after the handshake, so the server finishes that, too.
          if (kind === 'whole') socket.end()
          else if (said.length === 0) resolve()
        })
        socket.once('data', () => resolve()).once('close', () => resolve())
      })
      await Promise.race([answered, delay(500)])
      socket.destroy()
    }
  }
  await Promise.all(Array.from({ length: callers }, call))
}

/** The parts of what is said. */
async function saidBy(kind: Flood): Promise<readonly Buffer[]> {
  switch (kind) {
    case 'silent':
    case 'whole':
      return []
    case 'earlyData':
      return [claimEarlyData(await helloOf('auto'))]
    case 'split': {
      const hello = await helloOf('P-384')
      return [hello.subarray(0, 1), hello.subarray(1)]
    }
    default:
      return [await helloOf(kind === 'hello' ? 'auto' : kind)]
  }
}

/** Records the hello of Node's client. */
async function helloOf(ecdhCurve: string): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const accepted = once(server, 'connection')
  const options = { host: '127.0.0.1', servername: 'localhost', port, ecdhCurve }
  const client = connectTls({ ...options, minVersion: 'TLSv1.3' }).on('error', () => {})
  const [socket] = await accepted
  const [hello] = await once(socket, 'data')
  client.destroy()
  socket.destroy()
  server.close()
  return hello
}

/**
 * Appends the extensions of a client that resumes a session and sends early data (RFC 8446, 4.2.10 and 4.2.11), and some of that
 * data. The server doesn't know the session, so it does the whole handshake, and skips the data.
 */
function claimEarlyData(hello: Buffer): Buffer {
  // Behind the headers of the record and the message, the version and the random: the session, the suites, the compressions.
  let at = 43
  at += 1 + hello.readUInt8(at)
  at += 2 + hello.readUInt16BE(at)
  at += 1 + hello.readUInt8(at)
  const identities = [uint16(200), Buffer.alloc(200, 7), Buffer.alloc(4)]
  const binders = [Buffer.from([32]), Buffer.alloc(32, 9)]
  const session = Buffer.concat([sized(identities), sized(binders)])
  const more = Buffer.concat([uint16(42), uint16(0), uint16(41), sized([session])])
  const longer = Buffer.concat([hello, more])
  longer.writeUInt16BE(longer.length - 5, 3)
  longer.writeUIntBE(longer.length - 9, 6, 3)
  longer.writeUInt16BE(hello.readUInt16BE(at) + more.length, at)
  const record = Buffer.concat([Buffer.from([23, 3, 3]), sized([Buffer.alloc(4_000)])])
  return Buffer.concat([longer, record, record, record])
}

const uint16 = (value: number) => Buffer.from([value >> 8, value & 255])
const sized = (parts: readonly Buffer[]) => {
  const body = Buffer.concat(parts)
  return Buffer.concat([uint16(body.length), body])
}
