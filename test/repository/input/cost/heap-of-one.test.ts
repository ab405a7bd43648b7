import t from 'tap'
import { checkHeap } from './check-heap.ts'
import { fill } from './large-texts.ts'

t.test('a heap of 40 times its size is enough for a file with one large document', async (t) => {
  checkHeap(t, [
    ['many lines', 2, (length) => `a: |\n${fill(length, () => '  a\n')}`],
    ['one long string', 0, (length) => `a: "${'x'.repeat(length)}"\n`],
    ['one large document', 2, (length) => `data:\n${fill(length, (i) => `  k${i}: v\n`)}`],
    [
      'lists in lists',
      2,
      (length) => `a:\n${fill(length, () => `- ${'['.repeat(40)}${']'.repeat(40)}\n`)}`,
    ],
    ['one deep list', 2, (length) => '['.repeat(length / 2) + ']'.repeat(length / 2)],
    ['many aliases', 2, (length) => `x: &a 1\ny:\n${fill(length, () => '- *a\n')}`],
    ['many anchors', 2, (length) => `y:\n${fill(length, (i) => `- &a${i} 1\n`)}`],
    [
      'many annotations',
      2,
      (length) =>
        `kind: Pod\nmetadata:\n  annotations:\n${fill(length, (i) => `    akv-injector.io/x${i}: a\n`)}`,
    ],
    ['many errors', 2, (length) => `a:\n${fill(length, () => '- }\n')}`],
    ['many directives', 2, (length) => `${fill(length, () => '%X\n')}---\na: ]\n`],
  ])
})
