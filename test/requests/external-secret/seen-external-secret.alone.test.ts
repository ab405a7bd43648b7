import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { readSeenExternalSecret } from '../../../requests/external-secret/seen-external-secret.ts'
import { objectMemory } from '../../../sync/namespace/kept-objects.ts'
import { WatchedObjects } from '../../../sync/namespace/watched-objects.ts'
import { ampleShares } from '../../sync/harness/ample-shares.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')
const mebibyte = 1024 * 1024

const metadata = { namespace: 'shop', name: 'db', uid: 'x', resourceVersion: '1' }
const condition = { type: 'Ready', status: 'False', reason: 'x', message: 'x' }

t.test('long texts beside the spec take no memory', async (t) => {
  const long = 'x'.repeat(mebibyte / 4)
  const text = JSON.stringify({
    metadata: {
      ...metadata,
      annotations: { 'akv-injector.io/service-account': long },
      managedFields: Array.from({ length: 50 }, (_, n) => ({
        manager: `${n}${long}`.slice(0, 4096),
        time: '2026-01-01T00:00:00Z',
        fieldsV1: { 'f:status': {} },
      })),
    },
    spec: { other: 'y' },
    status: {
      refreshTime: long,
      conditions: [
        { type: 'Ready', status: long, reason: long, message: long, lastTransitionTime: long },
      ],
    },
  })
  const readMany = () =>
    Array.from({ length: 100 }, () => readSeenExternalSecret(JSON.parse(text))).flat()
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  const kept = readMany()
  collectGarbage()
  const bytes = process.memoryUsage().heapUsed - before
  t.ok(bytes < 5 * mebibyte, `${bytes} bytes instead of 100 MiB`)
  t.equal(kept[99]?.annotated?.length, 253)
  const lengths = Object.entries(kept[99]?.status.ready ?? {}).map(([key, text]) => [
    key,
    text.length,
  ])
  t.strictSame(Object.fromEntries(lengths), {
    status: 64,
    reason: 64,
    message: 2048,
    lastTransitionTime: 64,
  })
  const managers = kept[99]?.status.otherWrites?.map(({ manager }) => manager.length)
  t.strictSame(managers, [128, 128, 128, 128])
})

t.test('a status of any form is read', async (t) => {
  const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`)
  for (const status of [
    { conditions: [{ ...condition, message: deep, reason: 1 }], refreshTime: deep },
    { conditions: deep },
    deep,
    null,
  ]) {
    const [seen] = readSeenExternalSecret({ metadata, spec: {}, status })
    t.equal(seen?.name, 'db')
    t.equal(seen?.status.ready?.message ?? '', '')
  }
  const [seen] = readSeenExternalSecret({ metadata, spec: deep })
  t.match(seen?.content, { kind: 'refused', sentence: 'spec: is nested more than 100 levels deep' })
})

t.test('a spec that is nested deeply doesn’t stop the watch when it changes', async (t) => {
  const clock = { now: () => 0 }
  const store = new WatchedObjects({
    plural: 'x',
    memory: objectMemory(ampleShares(), { namespace: 'shop', plural: 'x' }),
    clock,
    onChange: () => undefined,
  })
  for (const levels of [100, 101, 2000])
    for (const version of ['1', '2']) {
      const spec = JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`)
      const object = { metadata: { ...metadata, resourceVersion: version }, spec }
      for (const seen of readSeenExternalSecret(object)) store.put(seen)
      t.equal(store.get('db')?.content.kind, levels > 100 ? 'refused' : 'kept')
    }
})
