import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { leaveMessage } from '../../init-agent/termination-log.ts'
import { terminationMessage } from '../../init-agent/termination-message.ts'
import { AkvError, type AkvErrorCode, combineErrors } from '../../lib/errors/akv-error.ts'
import { errorTable } from '../../lib/errors/error-table.ts'

const error = (message: string) => new AkvError('AKV_FORBIDDEN', message)

t.test('the termination message contains the code, the message and the remedy', async (t) => {
  const text = terminationMessage(error('secret team-a:db: no'))
  t.match(text, /^AKV_FORBIDDEN: secret team-a:db: no\. Give the identity the role/)
})

t.test('the remedy survives a message of any length, in whole characters', async (t) => {
  for (const piece of ['x', 'é', '🔑'])
    for (const shift of ['', 'a', 'ab', 'abc']) {
      const text = terminationMessage(error(shift + piece.repeat(5000)))
      t.ok(Buffer.byteLength(text) <= 4096)
      t.notMatch(text, /\uFFFD/)
      t.match(text, /… Give the identity the role .*\.$/)
    }
})

const combined = (...errors: [AkvErrorCode, string][]) =>
  combineErrors(errors.map(([code, message]) => new AkvError(code, message))) ?? error('none')

t.test('each kind of error has its remedy, and permanent failures come first', async (t) => {
  const text = terminationMessage(
    combined(
      ['AKV_FORBIDDEN', 'secret team-a:a: no'],
      ['AKV_OBJECT_NOT_FOUND', 'secret team-a:b: gone'],
      ['AKV_FORBIDDEN', 'secret team-a:c: no'],
    ),
  )
  t.equal(
    text,
    [
      `AKV_OBJECT_NOT_FOUND: secret team-a:b: gone. ${errorTable.AKV_OBJECT_NOT_FOUND.remedy}`,
      `AKV_FORBIDDEN: secret team-a:a: no; secret team-a:c: no. ${errorTable.AKV_FORBIDDEN.remedy}`,
    ].join('\n'),
  )
})

t.test('a long list of one kind leaves room for the other kinds', async (t) => {
  const many = Array.from(
    { length: 300 },
    (_, i) => ['AKV_FORBIDDEN', `secret team-a:${'x'.repeat(250)}-${i}: no`] as const,
  )
  const text = terminationMessage(
    combined(...many.map((failure): [AkvErrorCode, string] => [...failure]), [
      'AKV_ENCODING',
      'secret team-a:b: not base64',
    ]),
  )
  t.ok(Buffer.byteLength(text) <= 4096 && Buffer.byteLength(text) > 3000)
  t.match(text, `AKV_ENCODING: secret team-a:b: not base64. ${errorTable.AKV_ENCODING.remedy}\n`)
  t.ok(text.endsWith(errorTable.AKV_FORBIDDEN.remedy))
})

t.test('kinds that do not fit are named', async (t) => {
  const codes = Object.keys(errorTable) as AkvErrorCode[]
  const text = terminationMessage(
    combined(...codes.map((code): [AkvErrorCode, string] => [code, `${code} `.repeat(200)])),
  )
  t.ok(Buffer.byteLength(text) <= 4096)
  for (const code of codes) t.match(text, code)
  t.match(text, /\nSee the log for: AKV_/)
})

t.test('outside a pod there may be no file for it', async (t) => {
  const folder = t.testdir({})
  t.equal(leaveMessage(join(folder, 'log'), 'x'), true)
  t.equal(readFileSync(join(folder, 'log'), 'utf8'), 'x')
  t.equal(leaveMessage(join(folder, 'none', 'log'), 'x'), false)
})
