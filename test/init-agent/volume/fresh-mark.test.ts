import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openFreshMark } from '../../../init-agent/volume/fresh-mark.ts'

t.test('the mark remembers since when the content is fresh, and changes its name', async (t) => {
  const folder = t.testdir()
  const mark = openFreshMark(folder)
  t.equal(mark.read(), undefined)
  for (const freshness of [
    { freshAtMs: 1_000_000, isReady: true },
    { freshAtMs: 2_000_500, isReady: true },
    { freshAtMs: 2_000_500, isReady: false },
    { freshAtMs: 3_000_000, isReady: false },
    { freshAtMs: 4_000_000, isReady: true },
  ]) {
    mark.set(freshness)
    t.strictSame(mark.read(), freshness)
    t.strictSame(readdirSync(folder), [freshness.isReady ? '..fresh' : '..stale'])
  }
})

t.test('everybody may read the mark, whatever the umask', async (t) => {
  const before = process.umask(0o077)
  t.teardown(() => process.umask(before))
  for (const umask of [0, 0o022, 0o077, 0o777]) {
    const folder = t.testdir()
    process.umask(umask)
    openFreshMark(folder).set({ freshAtMs: 0, isReady: true })
    t.equal(lstatSync(join(folder, '..fresh')).mode & 0o7777, 0o444)
  }
})

t.test('a folder that isn’t there has no mark, and can’t get one', async (t) => {
  const mark = openFreshMark(join(t.testdir(), 'absent'))
  t.equal(mark.read(), undefined)
  t.throws(() => mark.set({ freshAtMs: 0, isReady: true }), /ENOENT/)
})
