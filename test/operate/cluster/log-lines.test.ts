import t from 'tap'
import { createSaidReader } from '../../../operate/cluster/pods/agent-said.ts'
import { createLinesReader, splitLines } from '../../../operate/cluster/pods/log-lines.ts'
import { logLine, logOf, stateOf } from '../../support/injected-pods/agent-log.ts'

const kibibyte = 1024

/** The lines of a log that comes in these parts. Each part is overwritten once it was read, as the next one may be in its place. */
function linesIn(parts: readonly Buffer[], maxBytes = 1024 * kibibyte) {
  const { read, end } = splitLines(createLinesReader(), maxBytes)
  const wanted = parts.map((part) => {
    const copy = Buffer.from(part)
    const isWanted = read(copy)
    copy.fill('!')
    return isWanted
  })
  return { wanted, lines: end()?.value }
}

t.test('a line is whole wherever its parts were cut', async (t) => {
  const log = Buffer.from('a\n\nbé€𝄞c\n\n\nlast')
  const expected = ['a', 'bé€𝄞c', 'last']
  for (let one = 0; one <= log.length; one++)
    for (let two = one; two <= log.length; two++) {
      const parts = [log.subarray(0, one), log.subarray(one, two), log.subarray(two)]
      t.strictSame(linesIn(parts).lines, expected, `cut at ${one} and ${two}`)
    }
  const bytes = Array.from(log, (byte) => Buffer.of(byte))
  t.strictSame(linesIn(bytes).lines, expected, 'byte by byte')
  t.strictSame(linesIn([]).lines, [])
})

t.test('lines of more than 64 KiB are left out, and the others are read', async (t) => {
  const longest = 'x'.repeat(64 * kibibyte)
  const log = Buffer.from(['a', longest, 'b', `${longest}x`, 'c', `${longest}x`].join('\n'))
  for (const size of [1000, 64 * kibibyte, 64 * kibibyte + 1, log.length]) {
    const parts = Array.from({ length: Math.ceil(log.length / size) }, (_, i) =>
      log.subarray(i * size, (i + 1) * size),
    )
    t.strictSame(
      linesIn(parts).lines?.map((line) => line.length),
      [1, 64 * kibibyte, 1, 1],
      `parts of ${size} bytes`,
    )
  }
})

t.test('an answer is ended at its bound, and its lines don’t count then', async (t) => {
  const parts = [Buffer.from('abc\n'), Buffer.from('de\n')]
  t.strictSame(linesIn(parts, 8), { wanted: [true, true], lines: ['abc', 'de'] })
  t.strictSame(linesIn(parts, 7), { wanted: [true, false], lines: undefined })
  t.strictSame(linesIn(parts, 4), { wanted: [false, false], lines: undefined })
})

/** What the commands keep of a log. */
function saidIn(...lines: readonly string[]) {
  const { read, end } = splitLines(createSaidReader(), 1024 * kibibyte)
  read(Buffer.from(lines.join('')))
  return end()?.value
}

const warning = (message: string, details: object = {}) =>
  logLine({ level: 'warn', code: 'AKV_FORBIDDEN', message, ...details })

t.test('the newest state and the last warning are kept', async (t) => {
  const said = saidIn(
    warning('first'),
    logOf(stateOf({}, '2026-11-29T10:00:00.000Z')),
    logLine({ level: 'error', code: 'AKV_FORBIDDEN', message: 'second' }),
    logOf(stateOf({}, '2026-11-29T10:01:00.000Z')),
    logLine({ level: 'info', code: 'AKV_FORBIDDEN', message: 'no "warn"ing' }),
    warning('no code of ours', { code: 'toString' }),
    warning('', { message: ['"state"'] }),
    'not JSON "error" "state"\n',
    '{"level":"error"\n',
    '["error"]\n',
    '"state"\n',
  )
  t.strictSame(said?.state, stateOf({}, '2026-11-29T10:01:00.000Z'))
  t.strictSame(said?.warning, { code: 'AKV_FORBIDDEN', why: 'second' })
  t.strictSame(saidIn('x\n'), { state: undefined, warning: undefined })
})

t.test('a warning is shortened', async (t) => {
  t.equal(saidIn(warning('é'.repeat(5000)))?.warning?.why, `${'é'.repeat(1000)}…`)
})
