import t from 'tap'
import { commandLine, fill, mebibyte, pod } from './measured-check.ts'

/** Texts that differ only in how their pods are separated. */
const shapes = {
  'many pods': (length: number) => fill(length, (i) => `---\n${pod(`p${i}`)}\n`),
  'a large List': (length: number) =>
    `items:\n${fill(length, (i) => `- ${pod(`p${i}`)}\n`)}kind: List\n`,
}

t.test('the time grows with the file, not with its square', async (t) => {
  const { check } = commandLine(t.testdir())
  for (const [name, make] of Object.entries(shapes)) {
    const [small, large] = [1 / 2, 2].map((size) => check(make(size * mebibyte)).cpuMs)
    t.ok(Number(large) < 7 * Number(small), `${name}: ${small} ms, and ${large} for four times it`)
  }
})
