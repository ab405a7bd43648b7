import t from 'tap'
import { createLineLimit } from '../../../lib/log/limit-lines.ts'

t.test('each kind gets a few lines in an interval', async (t) => {
  let nowMs = 0
  const lines: string[] = []
  const limit = createLineLimit({ maxLines: 2, intervalMs: 1_000, elapsedMs: () => nowMs })
  const say = (kind: string) =>
    limit(kind, ({ leftOut }) => lines.push(`${nowMs} ${kind} ${leftOut ?? '-'}`))

  for (const kind of ['a', 'a', 'b', 'a', 'a', 'a']) say(kind)
  t.strictSame(lines.splice(0), ['0 a -', '0 a -', '0 b -'])

  nowMs = 999
  say('a')
  t.strictSame(lines, [])

  nowMs = 1_000
  for (const kind of ['a', 'a', 'a', 'b']) say(kind)
  t.strictSame(lines.splice(0), ['1000 a 4', '1000 a -', '1000 b -'], 'with what was left out')

  nowMs = 60_000
  say('a')
  t.strictSame(lines, ['60000 a 1'])
})
