import t from 'tap'
import { createLog } from '../../../lib/log/log.ts'

function logged(level: 'debug' | 'info' | 'warn' | 'error') {
  const lines: string[] = []
  const log = createLog({ level, write: (line) => lines.push(line), now: () => 0 })
  log.debug('d')
  log.info('i')
  log.warn('w', { code: 'AKV_NETWORK' })
  log.error('e\n"x"')
  return lines
}

t.test('a line is one JSON object, however odd its text', async (t) => {
  const lines = logged('warn')
  t.strictSame(lines, [
    '{"time":"1970-01-01T00:00:00.000Z","level":"warn","message":"w","code":"AKV_NETWORK"}\n',
    '{"time":"1970-01-01T00:00:00.000Z","level":"error","message":"e\\n\\"x\\""}\n',
  ])
})

t.test('no character of a log line can control the terminal', async (t) => {
  const lines: string[] = []
  createLog({ level: 'info', write: (line) => lines.push(line) }).info('a\u202eb', {
    file: '\u009b',
  })
  t.match(lines, [/"message":"a\\u202eb","file":"\\u009b"}\n$/])
})

t.test('the level says what is left out', async (t) => {
  t.equal(logged('debug').length, 4)
  t.equal(logged('info').length, 3)
  t.equal(logged('error').length, 1)
})
