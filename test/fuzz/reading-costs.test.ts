import { objectOutline } from '../../requests/access/object-outline.ts'
// Compares what reading hostile watch events takes with what looking at each of their bytes takes. Whether an object is read is
// decided by its bytes and values alone, so these must bound the time, whatever else is in the object. Each time is the shortest of
// several, and counted in runs of a control of the same process.

import t from 'tap'
import { maxObject } from '../../kubernetes/large-objects.ts'
import { readLines } from '../../kubernetes/read-lines.ts'
import { systemClock } from '../../lib/clock.ts'
import { measureJson } from '../../lib/json/measure-json.ts'
import './harness/raise-priority.ts'

const keys = (count: number, value: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, value]))
const list = (length: number, item: object) => Array.from({ length }, () => item)
const metadata = { namespace: 'evil', name: 'large' }

/** Objects that were expensive to read, or could be: they are too large to be parsed. */
const objects: Readonly<Record<string, object>> = {
  'the keys of a template': {
    metadata,
    spec: { target: { template: { data: keys(110_000, '') } } },
  },
  'the keys of a status': { metadata, status: keys(80_000, 'x') },
  'the keys of a binding': { metadata, status: { binding: keys(80_000, 'x') } },
  conditions: { metadata, status: { conditions: list(30_000, { type: 'x', status: 'x' }) } },
  'foreign annotations': { metadata: { ...metadata, annotations: keys(40_000, '') } },
  'our annotations': {
    metadata: {
      ...metadata,
      annotations: Object.fromEntries(
        Array.from({ length: 33_000 }, (_, n) => [`akv-injector.io/${n}`, '']),
      ),
    },
  },
  secretObjects: { metadata, spec: { secretObjects: list(60_000, { secretName: 'x' }) } },
  'empty objects': { metadata, spec: { data: list(300_000, {}) } },
  'a long text': { metadata, spec: { note: 'x'.repeat(1_300_000) } },
  'a text of quotes': { metadata, spec: { note: '"'.repeat(650_000) } },
}

const paths = [['type'], ...objectOutline.map((path) => ['object', ...path])]
const chunkBytes = 16 * 1024

async function* chunksOf(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

/** The CPU time of this process, without the time in which others ran. */
function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

async function readingTime(line: Buffer): Promise<number> {
  const before = cpuMicroseconds()
  for await (const { json } of readLines(chunksOf(line), maxObject, { paths, clock: systemClock }))
    t.equal(json.kind, 'outlined')
  return cpuMicroseconds() - before
}

function controlTime(line: Buffer): number {
  const before = cpuMicroseconds()
  measureJson(line)
  return cpuMicroseconds() - before
}

async function measure(line: Buffer) {
  let [spent, control] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let run = 0; run < 10; run++) {
    control = Math.min(control, controlTime(line))
    spent = Math.min(spent, await readingTime(line))
  }
  return { spent, ratio: spent / control }
}

/** Each byte is looked at twice, and the outline keeps some thousand strings: up to 10 times. Code that read each name took up to 200. */
const maxRatio = 40

t.test('what an object that is too large takes depends on its bytes', async (t) => {
  for (const [what, object] of Object.entries(objects)) {
    const line = Buffer.from(`${JSON.stringify({ type: 'MODIFIED', object })}\n`)
    let measured = await measure(line)
    // V8 may have compiled hot code during the first runs.
    for (let more = 0; measured.ratio > maxRatio && more < 5; more++) measured = await measure(line)
    const { spent, ratio } = measured
    t.comment(`${what}: ${Math.round(spent)} µs, ${ratio.toFixed(1)} times the control`)
    t.ok(ratio <= maxRatio, what)
  }
})
