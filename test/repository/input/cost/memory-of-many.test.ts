import t from 'tap'
import { checkMemory } from './check-memory.ts'
import { fill, pod } from './measured-check.ts'

t.test('check takes at most 40 times the memory of a file with many documents', async (t) => {
  checkMemory(t, [
    ['many pods', 1, (length) => fill(length, (i) => `---\n${pod(`p${i}`)}\n`)],
    ['many tiny documents', 0, (length) => fill(length, (i) => `---\na: ${i}\n`)],
    ['many unknown kinds', 2, (length) => fill(length, () => '---\napiVersion: a.b/v1\nkind: K\n')],
    ['many empty pods', 2, (length) => fill(length, () => '---\nkind: Pod\n')],
  ])
})
