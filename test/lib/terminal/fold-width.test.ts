import t from 'tap'
import { foldWidth } from '../../../lib/terminal/fold-width.ts'

t.test('commands are folded on a terminal with a width, and nowhere else', async (t) => {
  t.equal(foldWidth({ isTTY: true, columns: 80 }), 79)
  for (const stream of [{ isTTY: true }, { isTTY: true, columns: 0 }, { columns: 80 }, {}])
    t.equal(foldWidth(stream), undefined)
})
