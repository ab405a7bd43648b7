// Counts what reading hostile watch events takes. Whether an object is read is decided by its bytes and values alone, so these must
// bound the work, whatever else is in the object.

import t from 'tap'
import { maxObject } from '../../kubernetes/large-objects.ts'
import { readLines } from '../../kubernetes/read-lines.ts'
import { systemClock } from '../../lib/clock.ts'
import { objectOutline } from '../../requests/access/object-outline.ts'
import { countBlocks } from '../support/count-steps.ts'

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

async function stepsToRead(line: Buffer): Promise<number> {
  const kinds: string[] = []
  const blocks = await countBlocks(async () => {
    const lines = readLines(chunksOf(line), maxObject, { paths, clock: systemClock })
    for await (const { json } of lines) kinds.push(json.kind)
  })
  t.strictSame(kinds, ['outlined'])
  return [...blocks.values()].reduce((sum, times) => sum + times, 0)
}

/** Each byte is looked at twice, which takes up to 7.2 steps. Code that read each name took many times that. */
const maxStepsPerByte = 15

t.test('what an object that is too large takes depends on its bytes', async (t) => {
  for (const [what, object] of Object.entries(objects)) {
    const line = Buffer.from(`${JSON.stringify({ type: 'MODIFIED', object })}\n`)
    const steps = await stepsToRead(line)
    t.ok(steps > line.length, 'its bytes are looked at')
    t.ok(steps <= maxStepsPerByte * line.length, `${what}: ${steps} steps, ${line.length} bytes`)
  }
})
