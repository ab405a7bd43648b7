import t from 'tap'
import { parseDuration } from '../../../lib/values/parse-duration.ts'

t.test('Go’s form in whole units is read as seconds', async (t) => {
  const cases: [string, number][] = [
    ['0', 0],
    ['90s', 90],
    ['5m', 300],
    ['1h30m', 5400],
    ['1h0m1s', 3601],
    ['0s', 0],
  ]
  for (const [text, value] of cases)
    t.strictSame(parseDuration(text), { kind: 'valid', value }, text)
})

t.test('anything else is refused with the accepted form', async (t) => {
  for (const text of [
    '',
    '5',
    '1.5h',
    '-5m',
    '5m1h',
    '5 m',
    '1d',
    '500ms',
    '5M',
    ' 5m',
    '5m\n',
    `${'9'.repeat(10)}s`,
  ])
    t.match(
      parseDuration(text),
      { problem: /whole hours, minutes and seconds such as "90s"/ },
      text,
    )
  t.match(parseDuration('8761h'), { problem: /a year at most/ })
})
