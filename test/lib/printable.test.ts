import t from 'tap'
import { printable } from '../../lib/printable.ts'

t.test('what a terminal would act upon, or a reader not see, stands as an escape', async (t) => {
  for (const [text, shown] of [
    ['a\nb\r\tc', 'a\\nb\\r\\tc'],
    ['\0\u001b[31m', '\\u{0}\\u{1b}[31m'],
    ['\u007f\u009b2J', '\\u{7f}\\u{9b}2J'],
    ['moc.live\u202e', 'moc.live\\u{202e}'],
    ['\u2066a\u2069\u200b\ufeff', '\\u{2066}a\\u{2069}\\u{200b}\\u{feff}'],
    ['a\u2028b\u2029', 'a\\u{2028}b\\u{2029}'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\ud83d', '\\u{d83d}'],
  ] as const)
    t.equal(printable(text), shown)
})

t.test('other text stays as it is, and twice is the same as once', async (t) => {
  for (const text of ['', 'db-password', '"a" \'b\' \\ {}', 'Größe', '日本語', '😀', '\\u{1b}'])
    t.equal(printable(text), text)
  const once = printable('\u001b\n"\\')
  t.equal(printable(once), once)
})

t.test('what is shown is bounded, and cut between characters', async (t) => {
  t.equal(printable('x'.repeat(80)), 'x'.repeat(80))
  t.equal(printable('x'.repeat(200)), `${'x'.repeat(80)}…`)
  t.equal(printable('\0'.repeat(1_000_000)).length, 81)
  t.equal(printable('abc\u001b', 5), 'abc…')
  t.equal(printable('abc😀', 4), 'abc…')
  t.equal(printable('a'.repeat(300), Number.POSITIVE_INFINITY).length, 300)
})
