import t from 'tap'
import { readLogLine } from '../../../lib/log/read-log-line.ts'

t.test('a line is read if it is a JSON object that no runtime has cut', async (t) => {
  t.strictSame(readLogLine('{"message":"state"}'), { message: 'state' })
  for (const line of ['', 'text', '"state"', '[1]', 'null', '{"message":"st'])
    t.equal(readLogLine(line), undefined, line)
  const longest = JSON.stringify({ message: 'x'.repeat(16 * 1024 - 14) })
  t.equal(longest.length, 16 * 1024)
  t.ok(readLogLine(longest))
  t.equal(readLogLine(`${longest} `), undefined)
})
