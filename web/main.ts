// npm run web: makes the site, and serves it on this machine.

import { once } from 'node:events'
import { rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { reasonOf } from '../lib/reason-of.ts'
import { makeSite } from './build/make-site.ts'
import { writeSite } from './build/write-site.ts'
import { createSiteServer } from './serve-site.ts'

const folder = join(import.meta.dirname, '../site')

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '8080' }, 'no-serve': { type: 'boolean' } },
  })
  const port = readPort(values.port)
  const files = await makeSite()
  rmSync(folder, { recursive: true, force: true })
  writeSite(files, folder)
  process.stdout.write(`${relative('', folder)}/ has the site; it needs no server\n`)
  if (values['no-serve'] !== true) await serve(files, port)
}

function readPort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65535) return port
  throw new Error(
    `--port ${text} isn't a port; name a number from 0 to 65535, and 0 takes any free one`,
  )
}

async function serve(files: ReadonlyMap<string, string>, port: number): Promise<void> {
  const server = createSiteServer(files).listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new Error(`${reasonOf(error)}; choose another port with --port`)
  }
  const { port: taken } = server.address() as AddressInfo
  process.stdout.write(`http://127.0.0.1:${taken}/ serves it until you press Ctrl+C\n`)
}

try {
  await main()
} catch (error) {
  process.stderr.write(`npm run web: ${reasonOf(error)}\n`)
  process.exitCode = 1
}
