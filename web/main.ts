// npm run web: makes the playground.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { makePlayground } from './build/make-playground.ts'

const folder = join(import.meta.dirname, '../site')
mkdirSync(folder, { recursive: true })
const { html, notices } = await makePlayground()
const page = join(folder, 'playground.html')
writeFileSync(page, html)
writeFileSync(join(folder, 'THIRD-PARTY-NOTICES.txt'), notices)
process.stdout.write(`${relative('', page)} is made; open it in a browser\n`)
