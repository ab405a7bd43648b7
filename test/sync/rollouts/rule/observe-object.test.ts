import t from 'tap'
import { observeObject } from '../../../../sync/rollouts/rule/observe-object.ts'

const sinceMs = Date.UTC(2026, 0, 1)
const minutes = (count: number) => sinceMs + count * 60_000
const times = { nowMs: minutes(100), sinceMs }
const before = { version: 'v1', digest: 'a', lastSeenMs: minutes(95) }

t.test('a version that was created since the last look changed then', async (t) => {
  const answer = { version: 'v2', digest: 'b', createdMs: minutes(97) }
  t.strictSame(observeObject(before, answer, times), {
    version: 'v2',
    lastSeenMs: minutes(100),
    digest: 'b',
    changedMs: minutes(97),
  })
})

t.test('the same version changes nothing, and is seen', async (t) => {
  const known = { ...before, changedMs: minutes(50) }
  const answer = { version: 'v1', digest: 'a', createdMs: minutes(50) }
  t.strictSame(observeObject(known, answer, times), { ...known, lastSeenMs: minutes(100) })
})

t.test('rule 4: the same bytes are no change, if both were read', async (t) => {
  const answer = { version: 'v2', createdMs: minutes(97) }
  t.equal(observeObject(before, { ...answer, digest: 'a' }, times)?.changedMs, undefined)
  const unread = { version: 'v1' }
  t.equal(observeObject(unread, { ...answer, digest: 'a' }, times)?.changedMs, minutes(97))
  t.equal(observeObject(unread, answer, times)?.changedMs, minutes(97), 'without digests')
})

t.test('rule 4: a version that was enabled since the last look changed then', async (t) => {
  const changedAt = (createdMs: number, updatedMs: number) =>
    observeObject(before, { version: 'v2', createdMs, updatedMs }, times)?.changedMs
  t.equal(changedAt(minutes(96), minutes(98)), minutes(98), 'created since then, too')
  t.equal(changedAt(minutes(-9999), minutes(98)), minutes(98))
  t.equal(changedAt(minutes(-9999), minutes(94)), minutes(100), 'it was restored')
  t.equal(changedAt(minutes(96), minutes(9999)), minutes(100), 'a clock that is days ahead')
})

t.test('rule 4: a version without a later date was restored, and counts from now', async (t) => {
  const changedAt = (createdMs: number | undefined, known: object = before) =>
    observeObject({ ...before, ...known }, { version: 'v2', createdMs }, times)?.changedMs
  t.equal(changedAt(minutes(94)), minutes(100))
  t.equal(changedAt(minutes(-9999)), minutes(100), 'by a clock that is days behind, too')
  t.equal(changedAt(minutes(9999)), minutes(100), 'and by one that is days ahead')
  t.equal(changedAt(undefined), minutes(100))
  // After a restart of the controller.
  const recorded = { version: 'v1', changedMs: minutes(50) }
  const restarted = (createdMs: number) =>
    observeObject(recorded, { version: 'v2', createdMs }, times)?.changedMs
  t.equal(restarted(minutes(49)), minutes(100))
  t.equal(restarted(minutes(51)), minutes(51), 'it changed while the controller was down')
})

t.test('rule 6: what an object is when it is first seen is the beginning', async (t) => {
  const first = (createdMs: number | undefined) =>
    observeObject(undefined, { version: 'v1', digest: 'a', createdMs }, times)?.changedMs
  t.equal(first(sinceMs), undefined)
  t.equal(first(undefined), undefined)
  t.equal(first(minutes(9999)), undefined, 'the clock of the vault is wrong')
  t.equal(first(minutes(60)), minutes(60), 'its pods may have started before, unnoticed')
})
