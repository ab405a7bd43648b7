import t from 'tap'
import { parseTemplate } from '../../../../requests/annotations/objects/parse-template.ts'
import { countSteps } from '../../../support/count-steps.ts'

const object = (name: string, type = 'secret', vault = 'home') => ({ vault, type, name })

t.test('text and values stand as they are written', async (t) => {
  const { segments, problems } = parseTemplate(
    'host=db\nuser=${team-b:user}\npassword=${ password@' +
      '0'.repeat(32) +
      ' }\nkey=${app#a.b|base64?}\n',
    'home',
  )
  t.strictSame(problems, [])
  t.strictSame(segments, [
    'host=db\nuser=',
    { object: object('user', 'secret', 'team-b') },
    '\npassword=',
    { object: { ...object('password'), version: '0'.repeat(32) } },
    '\nkey=',
    { object: object('app'), property: 'a.b', encoding: 'base64', optional: true },
    '\n',
  ])
})

t.test('only "${" has a meaning in a template, and "$${" stands for it', async (t) => {
  const cases: [string, readonly unknown[]][] = [
    ['', []],
    ['$', ['$']],
    ['$x {y} $$', ['$x {y} $$']],
    ['$${a}', ['${', 'a}']],
    ['$$${a}', ['$', '${', 'a}']],
    ['${a}${b}', [{ object: object('a') }, { object: object('b') }]],
    ['{{ .x }} %s \\${a}', ['{{ .x }} %s \\', { object: object('a') }]],
    ['${a}}', [{ object: object('a') }, '}']],
  ]
  for (const [text, segments] of cases)
    t.strictSame(parseTemplate(text, 'home'), { segments, problems: [] }, text)
})

t.test('a reference without a vault says where to set one', async (t) => {
  t.match(parseTemplate('${a}').problems, [
    /no default vault; write vault:name, or set the annotation akv-injector.io\/vault$/,
  ])
})

t.test('each reference that is wrong is named with its place', async (t) => {
  const { problems } = parseTemplate('a\n😀 ${b_c} ${tls/web}\n${pfx/x}${app#*}\n${open\n}', 'home')
  t.match(problems, [
    /^line 2, column 3: "\$\{b_c\}" isn't a valid reference: "b_c" isn't a valid object name/,
    /^line 2, column 10: "\$\{tls\/web\}" gives files/,
    /^line 3, column 1: /,
    /^line 3, column 9: /,
    /^line 4, column 1: "\$\{open" is not closed by "}" on its line; write "\$\$\{"/,
  ])
})

t.test(
  'a template of nothing but mistakes is no more work than its characters allow',
  async (t) => {
    for (const mistake of ['${', '${}', '${}\n', '${\n']) {
      const text = mistake.repeat(60_000)
      const { value, steps } = countSteps(() => parseTemplate(text, 'home'))
      t.match(value.problems, { length: Number })
      t.ok(steps <= 5 * text.length, `${JSON.stringify(mistake)}: ${steps} steps`)
    }
  },
)
