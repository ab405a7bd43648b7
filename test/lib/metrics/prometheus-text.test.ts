import t from 'tap'
import { prometheusText } from '../../../lib/metrics/prometheus-text.ts'

t.test('a metric is written with its help, its type and one line for each sample', async (t) => {
  const text = prometheusText([
    {
      name: 'x_total',
      help: 'How many',
      type: 'counter',
      samples: [{ value: 3 }, { labels: { a: 'b', c: 'd' }, value: 0.5 }],
    },
    { name: 'y', help: 'Nothing', type: 'gauge', samples: [] },
  ])
  t.equal(
    text,
    '# HELP x_total How many\n# TYPE x_total counter\nx_total 3\nx_total{a="b",c="d"} 0.5\n',
  )
})

t.test('a label’s value can’t end its quotes or its line', async (t) => {
  const samples = [{ labels: { a: 'x"} 1\ny\\' }, value: 1 }]
  t.match(
    prometheusText([{ name: 'x', help: 'h', type: 'gauge', samples }]).split('\n')[2],
    String.raw`x{a="x\"} 1\ny\\"} 1`,
  )
})
