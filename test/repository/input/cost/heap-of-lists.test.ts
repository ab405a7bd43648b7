import t from 'tap'
import { checkHeap } from './check-heap.ts'
import { fill, pod } from './large-texts.ts'

t.test('a heap of 40 times its size is enough for a file with a large List', async (t) => {
  checkHeap(t, [
    [
      'a large List',
      1,
      (length) => `items:\n${fill(length, (i) => `- ${pod(`p${i}`)}\n`)}kind: List\n`,
    ],
    [
      'a large List in JSON',
      0,
      (length) =>
        `{"items":[${fill(length, (i) => `{"kind":"Pod","metadata":{"name":"p${i}"},"spec":{}},`)}{}],"kind":"List"}`,
    ],
  ])
})
