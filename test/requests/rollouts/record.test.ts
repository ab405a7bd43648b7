import {
  array,
  assert,
  constantFrom,
  dictionary,
  integer,
  nat,
  record as objectOf,
  option,
  property,
  string,
} from 'fast-check'
import t from 'tap'
import {
  maxRecordLength,
  readRolloutRecord,
  recordText,
} from '../../../requests/rollouts/record.ts'
import { type HeldReason, heldReasons } from '../../../requests/rollouts/rollout-names.ts'
import { numRuns } from '../../support/property-runs.ts'

const time = integer({ min: 0, max: 4e12 })
const absent = { nil: undefined }
const reason = constantFrom(...(Object.keys(heldReasons) as HeldReason[]))
const anyRecord = objectOf({
  sinceMs: time,
  objects: dictionary(string(), objectOf({ version: string(), changedMs: option(time, absent) })),
  workloads: dictionary(
    string(),
    objectOf({
      name: string(),
      throughMs: option(time, absent),
      begunMs: array(time, { maxLength: 5 }),
      patching: option(objectOf({ generation: nat(), throughMs: option(time, absent) }), absent),
      held: option(objectOf({ why: reason, sinceMs: time }), absent),
    }),
  ),
})

/** Leaves out members that are undefined. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const asJson = (read: ReturnType<typeof readRolloutRecord>) =>
  plain(
    read && {
      ...read,
      objects: Object.fromEntries(read.objects),
      workloads: Object.fromEntries(read.workloads),
    },
  )

t.test('a record is read as it was written', async (t) => {
  await assert(
    property(anyRecord, ({ sinceMs, objects, workloads }) => {
      const record = {
        sinceMs,
        objects: new Map(Object.entries(objects)),
        workloads: new Map(Object.entries(workloads)),
      }
      const read = asJson(readRolloutRecord(recordText(record)))
      if (JSON.stringify(read) !== JSON.stringify(asJson(record))) throw new Error('it differs')
    }),
    { numRuns },
  )
  t.end()
})

t.test('of a text that somebody else wrote, only what has the form is read', async (t) => {
  for (const text of [undefined, '', '{', '[]', '7', '{}', '{"since":7}', '{"since":"soon"}'])
    t.equal(readRolloutRecord(text), undefined, text ?? 'absent')
  const since = '2026-01-01T00:00:00.000Z'
  const text = JSON.stringify({
    since,
    objects: { a: 7, b: {}, c: { version: 'v', changed: 'x' }, d: null },
    workloads: {
      u: { name: 7, through: 'never', begun: ['x', since, 7], held: { why: 'toString', since } },
      v: null,
      w: { begun: 'x', held: 7, patching: { generation: '7' } },
      x: { begun: [], patching: { generation: 7, through: 7 } },
    },
  })
  t.strictSame(asJson(readRolloutRecord(text)), {
    sinceMs: Date.parse(since),
    objects: { c: { version: 'v' } },
    workloads: {
      u: { name: '', begunMs: [Date.parse(since)] },
      w: { name: '', begunMs: [] },
      x: { name: '', begunMs: [], patching: { generation: 7 } },
    },
  })
  const long = `{"since":"${since}","x":"${'x'.repeat(maxRecordLength)}"}`
  t.equal(readRolloutRecord(long), undefined)
})

t.test('a record that is too long forgets old workloads, but repeats nothing', async (t) => {
  const count = 2000
  const workloads = Array.from({ length: count }, (_, index) => {
    const workload = { name: 'Deployment/web', throughMs: 1000 + index, begunMs: [1000 + index] }
    return [`uid-${index}`, workload] as const
  })
  const record = { sinceMs: 5, objects: new Map(), workloads: new Map(workloads) }
  const text = recordText(record)
  t.ok(text.length <= maxRecordLength)
  const read = readRolloutRecord(text)
  const kept = read?.workloads.size ?? 0
  t.ok(kept > 100 && kept < count, `${kept} are kept`)
  t.equal(read?.sinceMs, 1000 + count - kept - 1, 'the beginning is after all that is forgotten')
  t.ok(read?.workloads.has(`uid-${count - 1}`))
})
