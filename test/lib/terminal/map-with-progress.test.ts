import t from 'tap'
import { mapWithProgress } from '../../../lib/terminal/map-with-progress.ts'

/** Maps the numbers up to 40 on a terminal, where each takes 90 ms. */
function map(options: { isTTY?: boolean; isQuiet?: boolean; env?: NodeJS.ProcessEnv } = {}) {
  const { isTTY = true, isQuiet = false, env = {} } = options
  const written: string[] = []
  let now = 5000
  const doubled = mapWithProgress(
    Array.from({ length: 40 }, (_, i) => i),
    (item) => {
      now += 90
      return 2 * item
    },
    {
      what: 'reading files',
      isQuiet,
      env,
      stream: { isTTY, write: (text) => written.push(text) },
      elapsedMs: () => now,
    },
  )
  t.strictSame([doubled.length, doubled[39]], [40, 78])
  return written
}

t.test('one line shows what is done, after a second, and is erased at the end', async (t) => {
  const written = map()
  t.equal(written[0], '\r\u001b[2Kreading files … 12 of 40')
  t.equal(written[1], '\r\u001b[2Kreading files … 14 of 40')
  t.equal(written.at(-2), '\r\u001b[2Kreading files … 40 of 40')
  t.equal(written.at(-1), '\r\u001b[2K')
  t.equal(written.length, 16)
})

t.test('nothing is written elsewhere, or if nothing should be', async (t) => {
  for (const options of [
    { isTTY: false },
    { isQuiet: true },
    { env: { CI: 'true' } },
    { env: { TERM: 'dumb' } },
  ])
    t.strictSame(map(options), [])
})

t.test('nothing is written within a second', async (t) => {
  const written: string[] = []
  const stream = { isTTY: true, write: (text: string) => written.push(text) }
  const options = { what: 'reading files', env: {}, stream, elapsedMs: () => 0 }
  t.strictSame(
    mapWithProgress([1, 2], (item) => item, options),
    [1, 2],
  )
  t.strictSame(written, [])
})

t.test('the line is erased before an error', async (t) => {
  const written: string[] = []
  const stream = { isTTY: true, write: (text: string) => written.push(text) }
  let now = 0
  const run = () =>
    mapWithProgress(
      [1, 2],
      (item) => {
        now += 2000
        if (item === 2) throw new Error('wrong')
      },
      { what: 'reading files', env: {}, stream, elapsedMs: () => now },
    )
  t.throws(run, { message: 'wrong' })
  t.equal(written.length, 2)
  t.equal(written.at(-1), '\r\u001b[2K')
})
