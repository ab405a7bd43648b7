import fc from 'fast-check'
import t from 'tap'
import {
  describePosition,
  fillTemplate,
  parseTemplate,
} from '../../../keyvault/content/template.ts'
import { parsedValue } from './fixtures.ts'

const fill = (template: string, values: Readonly<Record<string, string>> = {}): string =>
  Buffer.from(
    fillTemplate(parsedValue(parseTemplate(template)), (reference) =>
      Buffer.from(values[reference] ?? `<${reference}>`),
    ),
  ).toString()

t.test('references are replaced by values, and nothing else changes', async (t) => {
  t.equal(
    fill(`postgres://\${user}:\${db-password}@db/x\n`),
    'postgres://<user>:<db-password>@db/x\n',
  )
  const cases: [string, string][] = [
    ['', ''],
    ['plain\r\ntext\n\n', 'plain\r\ntext\n\n'],
    [`\${a}`, '<a>'],
    [`\${a}\${b}`, '<a><b>'],
    [`$\${a}`, `\${a}`],
    [`$\${`, `\${`],
    [`$$\${a}`, `$\${a}`],
    [`\${a}$\${b}\${c}`, `<a>\${b}<c>`],
    [`\${a}$`, '<a>$'],
    ['$ $$ $a $(a) {a} } $}', '$ $$ $a $(a) {a} } $}'],
    [`{"a": {"b": "\${x}"}}`, '{"a": {"b": "<x>"}}'],
    [`\${v:secret/a@1#$b.{c|base64?}`, '<v:secret/a@1#$b.{c|base64?>'],
    [`\${ a }`, '< a >'],
    [`\${}`, '<>'],
    [`é😀\${é}`, 'é😀<é>'],
  ]
  for (const [template, expected] of cases) t.equal(fill(template), expected, template)
})

t.test('values are put in as they are, and never read as a template', async (t) => {
  t.equal(fill(`\${a}\${b}`, { a: `\${b}`, b: '$$$&' }), `\${b}$$$&`)
  const bytes = Buffer.from([0xff, 0x00, 0xfe])
  const filled = fillTemplate(parsedValue(parseTemplate(`é\${a}.`)), () => bytes)
  t.strictSame(Buffer.from(filled), Buffer.concat([Buffer.from('é'), bytes, Buffer.from('.')]))
})

t.test('a reference knows its line and column', async (t) => {
  const segments = parsedValue(parseTemplate(`a\n😀é\${x} $\${y} \${z}\r\n\${w}`))
  const places = segments.flatMap((s) =>
    s.kind === 'reference' ? `${s.reference}: ${describePosition(s)}` : [],
  )
  t.strictSame(places, ['x: line 2, column 3', 'z: line 2, column 14', 'w: line 3, column 1'])
})

t.test('every unclosed opening is named with its place', async (t) => {
  t.strictSame(parseTemplate(`a\nb \${x\n}\n\${ok} \${y`), {
    problem: `line 2, column 3: "\${" is not closed by "}" on its line; line 4, column 7: "\${" is not closed by "}" on its line. Write "$\${" for a literal "\${"`,
  })
})

t.test('any text comes through when its openings are escaped', async (t) => {
  const text = fc.string({
    unit: fc.constantFrom('$', '{', '}', 'a', '\n', '\r', '😀'),
    maxLength: 30,
  })
  fc.assert(
    fc.property(text, text, (before, after) => {
      // A "$" right before the reference would escape it.
      const plain = (part: string) => part.replace(/\$+$/, '')
      const escaped = (part: string) => plain(part).replaceAll(/\$\{/g, () => '$${')
      const filled = fill(`${escaped(before)}\${ref}${escaped(after)}`)
      t.equal(filled, `${plain(before)}<ref>${plain(after)}`)
    }),
    { numRuns: 1000 },
  )
})

t.test('hostile templates take no time', async (t) => {
  const start = performance.now()
  t.match(parseTemplate(`\${`.repeat(500_000)), { problem: /^line 1, column 1: / })
  t.match(parseTemplate(`\${\n`.repeat(20_000)), { problem: /^line 1, column 1: / })
  t.equal(parsedValue(parseTemplate(`\${a}`.repeat(200_000))).length, 200_000)
  t.ok(parseTemplate(`$\${`.repeat(300_000)))
  t.ok(performance.now() - start < 5_000, `${performance.now() - start} ms`)
})
