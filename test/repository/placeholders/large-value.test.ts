import t from 'tap'
import { createPlaceholders } from '../../../repository/input/placeholders/placeholders.ts'

const use = {
  position: () => ({ source: 'a', line: 1, column: 1 }),
  counts: true,
  isComment: false,
}

t.test('a value may be as large as a file', async (t) => {
  for (const part of ['x', ' ', '"', 'x00…']) {
    const placeholders = createPlaceholders({ unfilled: 'standIn' })
    const written = `${part.repeat(8_000_000 / part.length)}${'${A}'}`
    const filled = placeholders.fill(written, use, () => 'name')
    t.ok(filled !== undefined && placeholders.restoreValue(filled.text) === written, part)
  }
})

t.test('a value has at most 100,000 placeholders', async (t) => {
  const fill = (count: number) =>
    createPlaceholders({ unfilled: 'standIn' }).fill('${A}'.repeat(count), use, () => 'name')
  t.ok(fill(100_000))
  t.throws(() => fill(100_001), { message: /more than 100,000 placeholders/ })
})
