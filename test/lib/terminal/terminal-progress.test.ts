import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { createProgress } from '../../../lib/terminal/terminal-progress.ts'

function terminal(isTTY: boolean) {
  const written: string[] = []
  return { isTTY, written, write: (text: string) => void written.push(text) }
}

t.test('a terminal shows what is done and for how long, until something else is', async (t) => {
  const stream = terminal(true)
  let now = 0
  const progress = createProgress({ stream, everyMs: 1, elapsedMs: () => now })
  progress.show('building etcd')
  now = 61_000
  while (!stream.written.at(-1)?.includes('61 s')) await setTimeout(1)
  progress.show('a\u001b[2Jb')
  t.equal(stream.written.at(-1), '\r\u001b[2Ka\\u{1b}[2Jb … 0 s')
  progress.hide()
  const { length } = stream.written
  t.equal(stream.written.at(-1), '\r\u001b[2K')
  progress.hide()
  await setTimeout(5)
  t.equal(stream.written.length, length)
})

t.test('no progress is written if standard error isn’t a terminal', async (t) => {
  const stream = terminal(false)
  const progress = createProgress({ stream, everyMs: 1 })
  progress.show('building etcd')
  await setTimeout(5)
  progress.hide()
  t.strictSame(stream.written, [])
})
