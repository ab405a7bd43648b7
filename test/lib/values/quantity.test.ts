import t from 'tap'
import { isSameQuantity, parseAmounts, parseQuantity } from '../../../lib/values/quantity.ts'
import { longestMatched } from '../../webhook/core/longest-matched.ts'

t.test('a quantity is read as Kubernetes reads it', async (t) => {
  const cases: [string | number, number][] = [
    ['250m', 0.25],
    ['1', 1],
    [2, 2],
    ['.5', 0.5],
    ['1.', 1],
    ['1e3', 1000],
    ['1E-2', 0.01],
    ['1Ki', 1024],
    ['16Mi', 16 * 1024 ** 2],
    ['1.5Gi', 1.5 * 1024 ** 3],
    ['1k', 1000],
    ['1E', 1e18],
  ]
  for (const [text, value] of cases) t.equal(parseQuantity(text), value, String(text))
})

t.test('anything else is not a quantity', async (t) => {
  for (const text of [
    '',
    '-1',
    '+1',
    '1 Mi',
    'Mi',
    '1mi',
    '1KI',
    '0x10',
    'NaN',
    '1e',
    '1'.repeat(40),
    '.',
  ])
    t.equal(parseQuantity(text), undefined, text)
})

t.test('a text that is too long is refused before it is matched', async (t) => {
  const long = `${'1'.repeat(64_000)}x`
  t.equal(parseQuantity(long), undefined)
  t.ok(longestMatched(() => parseQuantity(long)) <= 32)
  t.ok(longestMatched(() => parseAmounts(`cpu=${long}`)) < 100)
})

t.test('the same amount is the same however written', async (t) => {
  t.ok(isSameQuantity('0.5', '500m'))
  t.ok(isSameQuantity('1Gi', '1024Mi'))
  t.ok(isSameQuantity(0, '0'))
  t.notOk(isSameQuantity('1G', '1Gi'))
  t.notOk(isSameQuantity('x', 'x'))
})

t.test('resources are a list of amounts, which may be empty', async (t) => {
  t.strictSame(parseAmounts('cpu=10m, memory = 16Mi'), {
    kind: 'valid',
    value: { cpu: '10m', memory: '16Mi' },
  })
  t.strictSame(parseAmounts(''), { kind: 'valid', value: {} })
  const cases: [string, RegExp][] = [
    ['gpu=1', /"gpu=1": expected a list such as/],
    ['cpu', /"cpu": expected a list/],
    ['cpu=1=2', /expected a list/],
    ['cpu=lots', /"lots" isn't a valid quantity/],
    ['cpu=1,cpu=2', /cpu is given twice/],
    ['__proto__=1', /expected a list/],
  ]
  for (const [text, problem] of cases) t.match(parseAmounts(text), { problem }, text)
})
