import t from 'tap'
import type { AgentState } from '../../../delivery/agent-state.ts'
import { readAgentStates } from '../../support/injected-pods/read-agent-states.ts'
import { memoryStateLog } from '../harness/memory-state-log.ts'

const at = '2026-11-29T10:00:00.000Z'
const stateOf = (count: number): AgentState => ({
  agent: '0.1.0',
  at,
  objects: Array.from({ length: count }, (_, i) => ({
    object: `secret team-a:${'n'.repeat(100)}${i}`,
    versions: [i.toString(16).padStart(32, '0')],
    since: at,
  })),
})

t.test('a state is repeated after each 100 other lines', (t) => {
  const { stateLog, lines, written } = memoryStateLog()
  const states = () => written.length - lines.length
  stateLog.log.info('before the first state')
  stateLog.tell(stateOf(1))
  for (let i = 0; i < 99; i++) stateLog.log.debug(`line ${i}`)
  t.equal(states(), 1)
  t.equal(stateLog.linesSince(), 99)
  stateLog.log.debug('the 100th line')
  t.equal(states(), 2)
  t.strictSame(readAgentStates(written)?.objects, stateOf(1).objects)
  t.equal(readAgentStates(written)?.at, new Date(0).toISOString(), 'when it was repeated')
  for (let i = 0; i < 250; i++) {
    stateLog.log.debug(`line ${i}`)
    t.ok(readAgentStates(written.slice(-150)), 'the last 150 lines hold one')
  }
  t.equal(states(), 4)
  t.end()
})

t.test('the last 150 lines hold the largest state, too', (t) => {
  const { stateLog, written } = memoryStateLog()
  const largest = stateOf(2500)
  stateLog.tell(largest)
  t.ok(written.length > 30 && written.length <= 50, `${written.length} lines`)
  for (let i = 0; i < 220; i++) {
    stateLog.log.debug(`line ${i}`)
    t.equal(readAgentStates(written.slice(-150))?.objects.length, 2500, `after line ${i}`)
  }
  t.end()
})

t.test('the level of the log doesn’t keep a state back', (t) => {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    const { stateLog, lines, written } = memoryStateLog(level)
    stateLog.log.warn('a warning')
    stateLog.tell(stateOf(1))
    t.equal(lines.length, level === 'error' ? 0 : 1)
    t.strictSame(readAgentStates(written), stateOf(1))
    t.match(JSON.parse(written.at(-1) ?? ''), { level: 'info', message: 'state' })
    for (let i = 0; i < 100; i++) stateLog.log.debug('below most levels')
    t.equal(written.length - lines.length, level === 'debug' ? 2 : 1, 'only what is written counts')
  }
  t.end()
})

t.test('the lines of the process before count', (t) => {
  const { stateLog, lines, written } = memoryStateLog()
  stateLog.resume(stateOf(1), 98)
  t.strictSame(written, [], 'it is in the log already')
  for (const text of ['one', 'two', 'three']) stateLog.log.info(text)
  t.equal(written.length - lines.length, 1)
  t.match(written[2], '"state"')
  t.equal(stateLog.linesSince(), 1)
  t.end()
})
