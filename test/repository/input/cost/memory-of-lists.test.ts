import t from 'tap'
import { checkMemory } from './check-memory.ts'
import { fill, pod } from './measured-check.ts'

t.test('check takes at most 40 times the memory of a file with a large List', async (t) => {
  checkMemory(t, [
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
