import t from 'tap'
import { checkHeap } from './check-heap.ts'
import { fill, pod } from './large-texts.ts'

t.test('a heap of 40 times its size is enough for a file with many documents', async (t) => {
  checkHeap(t, [
    ['many pods', 1, (length) => fill(length, (i) => `---\n${pod(`p${i}`)}\n`)],
    ['many tiny documents', 0, (length) => fill(length, (i) => `---\na: ${i}\n`)],
    ['many unknown kinds', 2, (length) => fill(length, () => '---\napiVersion: a.b/v1\nkind: K\n')],
    ['many empty pods', 2, (length) => fill(length, () => '---\nkind: Pod\n')],
  ])
})
