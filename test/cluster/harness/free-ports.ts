import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the range from which Linux assigns ports, so that it assigns none of these. */
const [first, count] = [15_000, 15_000]

/** Returns different loopback ports that were free a moment ago. */
export async function freePorts(wanted: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < wanted) {
    const port = first + Math.floor(Math.random() * count)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  await once(server.close(), 'close')
  return true
}
