/**
 * Reads a pair of files over and over, as an application does: `set-reader.ts VOLUME A B`. Says `ready` after the first
 * pass, and on SIGTERM what it saw, as JSON: `{ reads, pairs, problems }`.
 */

import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'

const [volume = '', a = '', b = ''] = process.argv.slice(2)
const problems: string[] = []
let reads = 0
let pairs = 0
let isOver = false
process.once('SIGTERM', () => {
  isOver = true
})

/** A whole value says how long it is, and of which generation: `GENERATION:LENGTH:xxxx…`. */
function generationOf(path: string): string {
  const text = readFileSync(path, 'utf8')
  const [generation = '', length = '', padding = ''] = text.split(':')
  if (padding.length !== Number(length) || generation === '') throw new Error(`half of ${path}`)
  return generation
}

/** Rounds are 2 ms apart here: who is held up for longer inside one `open` may find its set swept away meanwhile. */
const heldUpMs = 1

function readByName(name: string): void {
  const startedAt = performance.now()
  try {
    generationOf(join(volume, name))
    reads++
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!isMissing || performance.now() - startedAt < heldUpMs) throw error
  }
}

function look(): void {
  // By name, as most do: never missing, never half.
  for (const name of [a, b]) readByName(name)
  // As a pair, through one set: never torn.
  const set = readlinkSync(join(volume, '..data'))
  try {
    const [first, second] = [generationOf(join(volume, set, a)), generationOf(join(volume, set, b))]
    if (first !== second) throw new Error(`torn: ${first} and ${second}`)
    pairs++
  } catch (error) {
    // A reader that was held up for two rotations finds its set gone, and has to resolve the link again.
    if (readlinkSync(join(volume, '..data')) === set) throw error
    if (String(error).includes('torn')) throw error
  }
}

for (let pass = 0; !isOver; pass++) {
  try {
    look()
  } catch (error) {
    problems.push(String(error))
  }
  if (pass === 0) process.stdout.write('ready\n')
  // Rests for most of the time: in a thousand rotations, it still looks at every moment of one.
  await (pass % 5 === 0 ? setTimeout(1) : setImmediate())
}
process.stdout.write(`${JSON.stringify({ reads, pairs, problems: problems.slice(0, 10) })}\n`)
