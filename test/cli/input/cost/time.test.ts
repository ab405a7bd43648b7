import t from 'tap'
import { isFuzzing } from '../../../support/property-runs.ts'
import { commandLine, fill, mebibyte, pod } from './measured-check.ts'

/** Texts that differ only in how their pods are separated. `npm test` tries the first one only. */
const shapes = {
  'many pods': (length: number) => fill(length, (i) => `---\n${pod(`p${i}`)}\n`),
  'a large List': (length: number) =>
    `items:\n${fill(length, (i) => `- ${pod(`p${i}`)}\n`)}kind: List\n`,
}

t.test('the time grows with the file, not with its square', async (t) => {
  const { check } = commandLine(t.testdir())
  const largest = isFuzzing ? 2 : 1 / 4
  const tried = Object.entries(shapes).slice(0, isFuzzing ? undefined : 1)
  for (const [name, make] of tried) {
    const [small, large] = [largest / 4, largest].map((size) => check(make(size * mebibyte)).cpuMs)
    t.ok(Number(large) < 7 * Number(small), `${name}: ${small} ms, and ${large} for four times it`)
  }
})
