import t from 'tap'
import { envValueProblem } from '../../../delivery/projection/env-value-problem.ts'

t.test('the reason why an EnvFile can’t hold a value doesn’t show the value', async (t) => {
  const cases: [Uint8Array, RegExp][] = [
    [Buffer.from(''), /^is empty/],
    [Buffer.from("hunter2'"), /single quote/],
    [Buffer.from('hunter2\r\n'), /carriage return/],
    [Buffer.from('hunter2\0'), /NUL/],
    [Buffer.from([0x68, 0xff]), /not valid UTF-8/],
    [Buffer.from('x'.repeat(64 * 1024 - 3)), /too long/],
  ]
  for (const [value, pattern] of cases) {
    const problem = envValueProblem('A', value)
    t.match(problem, pattern)
    t.notMatch(problem, /hunter2/)
  }
  t.equal(envValueProblem('A', Buffer.from('x'.repeat(64 * 1024 - 4))), undefined)
})
