import t from 'tap'
import { isSameQuantity, parseAmounts, parseQuantity } from '../../../webhook/core/quantity.ts'

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

t.test('what is no quantity is none', async (t) => {
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

t.test('the same amount is the same however written', async (t) => {
  t.ok(isSameQuantity('0.5', '500m'))
  t.ok(isSameQuantity('1Gi', '1024Mi'))
  t.ok(isSameQuantity(0, '0'))
  t.notOk(isSameQuantity('1G', '1Gi'))
  t.notOk(isSameQuantity('x', 'x'))
})

t.test('amounts are a list of resources, possibly none', async (t) => {
  t.strictSame(parseAmounts('cpu=10m, memory = 96Mi'), { value: { cpu: '10m', memory: '96Mi' } })
  t.strictSame(parseAmounts(''), { value: {} })
  const cases: [string, RegExp][] = [
    ['gpu=1', /"gpu=1": expected a list such as/],
    ['cpu', /"cpu": expected a list/],
    ['cpu=1=2', /expected a list/],
    ['cpu=lots', /"lots" is no quantity/],
    ['cpu=1,cpu=2', /cpu is given twice/],
    ['__proto__=1', /expected a list/],
  ]
  for (const [text, problem] of cases) t.match(parseAmounts(text), { problem }, text)
})
