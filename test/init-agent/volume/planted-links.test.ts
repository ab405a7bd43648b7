import fs, { readFileSync, symlinkSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openFreshMark } from '../../../init-agent/volume/fresh-mark.ts'
import { list, set, write } from '../harness/volume.ts'

/**
 * Runs `work` beside an attacker who is as fast as can be: whenever it is about to open a file that doesn't exist, there is a
 * link to `target` in its place.
 *
 * @returns how many links were planted
 */
function besidePlantedLinks(target: string, work: () => void): number {
  const { openSync } = fs
  let planted = 0
  fs.openSync = (path, ...more) => {
    if (!fs.existsSync(path)) {
      symlinkSync(target, path)
      planted += 1
    }
    return openSync(path, ...more)
  }
  syncBuiltinESMExports()
  try {
    work()
  } finally {
    fs.openSync = openSync
    syncBuiltinESMExports()
  }
  return planted
}

function prepare(t: Test) {
  const target = join(t.testdir({ mine: 'mine', volume: {} }), 'mine')
  return { target, volume: join(target, '../volume') }
}

t.test('a value isn’t written to where a planted link leads', async (t) => {
  const { target, volume } = prepare(t)
  let problem: unknown
  const planted = besidePlantedLinks(target, () => {
    try {
      write(volume, set({ 'a/b': 'a secret' }))
    } catch (error) {
      problem = error
    }
  })
  t.equal(planted, 1)
  t.match(problem, { message: /EEXIST/ })
  t.equal(readFileSync(target, 'utf8'), 'mine')
  t.strictSame(list(volume), [], 'nothing is left')
})

t.test('the mark isn’t written to where a planted link leads', async (t) => {
  const { target, volume } = prepare(t)
  const mark = openFreshMark(volume)
  const freshness = { freshAt: { wallMs: 1_000 }, isReady: true }
  const planted = besidePlantedLinks(target, () => {
    t.throws(() => mark.set(freshness), { code: 'EEXIST' })
  })
  t.equal(planted, 1)
  t.equal(readFileSync(target, 'utf8'), 'mine')
  mark.set(freshness)
  t.strictSame(mark.read(), freshness, 'the next one succeeds')
})
