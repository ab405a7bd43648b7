// npm run web: makes the site, and serves it on this machine.

import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { dirname, join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { reasonOf } from '../lib/reason-of.ts'
import { makeSite } from './build/make-site.ts'
import { createSiteServer } from './serve-site.ts'

const folder = join(import.meta.dirname, '../site')

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '8080' }, 'no-serve': { type: 'boolean' } },
  })
  const files = await makeSite()
  writeFiles(files)
  process.stdout.write(`${relative('', folder)}/ has the site; it needs no server\n`)
  if (values['no-serve'] === true) return
  const server = createSiteServer(files).listen(Number(values.port), '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  process.stdout.write(`http://127.0.0.1:${port}/ serves it until you press Ctrl+C\n`)
}

function writeFiles(files: ReadonlyMap<string, string>): void {
  rmSync(folder, { recursive: true, force: true })
  for (const [name, content] of files) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
}

try {
  await main()
} catch (error) {
  process.stderr.write(`npm run web: ${reasonOf(error)}\n`)
  process.exitCode = 1
}
