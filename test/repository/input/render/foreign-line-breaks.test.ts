import t from 'tap'
import { refuseForeignLineBreaks } from '../../../../repository/input/render/foreign-line-breaks.ts'

const problemOf = (text: string) => {
  try {
    refuseForeignLineBreaks(text, 'a/kustomization.yaml')
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

t.test('each character is named, with its line', async (t) => {
  for (const [character, name] of [
    ['\0', 'NUL'],
    ['\r', 'a carriage return without a line feed'],
    ['\u0085', 'U+0085'],
    ['\u2028', 'U+2028'],
    ['\u2029', 'U+2029'],
  ])
    t.equal(
      problemOf(`resources: []\r\n# a${character}crds: [a]\n`),
      `a/kustomization.yaml:2:4: has ${name}, which Helm and kustomize may read as the end of the line; remove it`,
    )
  t.match(problemOf('a: b\r'), ':1:5: has a carriage return without')
})

t.test('lines may end as on Windows, and other characters are fine', async (t) => {
  for (const text of ['', 'a: b\r\nc: d\r\n', '# \u00a0\u2027\u202a\ufeff\u200b\n', '\u{1f511}\t'])
    t.equal(problemOf(text), undefined)
})
