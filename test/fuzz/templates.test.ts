import fc from 'fast-check'
import t from 'tap'
import { parseTemplate } from '../../sync/template/parse.ts'
import { renderTemplate } from '../../sync/template/render.ts'
import { fuzz } from './harness/fuzz.ts'
import { startGoTemplates } from './harness/go-templates.ts'
import { pumped } from './harness/hostile.ts'

/** Blocks that don't grow any more: Go and Node know different versions of Unicode, and print new characters differently. */
const blocks = [
  [0x00, 0x24f],
  [0x370, 0x377],
  [0x386, 0x4ff],
  [0x1e00, 0x1f15],
  [0x1f80, 0x1fb4],
  [0x2000, 0x2064],
  [0x3000, 0x303f],
  [0xe000, 0xe010],
  [0xfeff, 0xfeff],
  [0xfff9, 0xffff],
  [0x1_f600, 0x1_f64f],
  [0x10_fff0, 0x10_ffff],
] as const
const character = fc
  .oneof(...blocks.map(([min, max]) => fc.integer({ min, max })))
  .map((code) => String.fromCodePoint(code))
const anyText = (maxLength: number) => fc.string({ unit: character, maxLength })

const blank = fc.constantFrom(' ', '  ', '\t', '\n', ' \r\n ')
const text = fc.oneof(
  anyText(8),
  fc.constantFrom('a b', '\n  x: ', ' ', '\t\r\n', '}}', '{', 'é😀', '"', '%'),
)
const literal = fc
  .oneof(
    fc.constantFrom('', 'a', 'ß', 'İ', 'ᾳ', ' a ', '%s', '{"a":[1,null,"<"]}', '}}', 'key'),
    anyText(6),
  )
  .chain((value) => {
    const raw = value.replaceAll(/[`]/g, '')
    const escaped = JSON.stringify(value)
    return fc.constantFrom(escaped, `\`${raw}\``)
  })
const verbs = fc.constantFrom('%s', '%v', '%d', '%q', '%%', 'x', ' ', '%')
const format = fc.array(verbs, { maxLength: 4 }).map((parts) => JSON.stringify(parts.join('')))
const field = fc.constantFrom('.a', '.b', '.json', '.b64', '.bytes', '.é', 'index . "a-b"', '.')

const { pipeline, nodes } = fc.letrec<{
  operand: string
  command: string
  pipeline: string
  action: string
  nodes: string
}>((tie) => {
  const operand = tie('operand') as fc.Arbitrary<string>
  const pipe = tie('pipeline') as fc.Arbitrary<string>
  const call = (name: string, args: readonly fc.Arbitrary<string>[]) =>
    fc.tuple(blank, ...args).map(([space, ...given]) => [name, ...given].join(space))
  const some = fc.array(operand, { minLength: 1, maxLength: 3 })
  const variadic = (name: string) => some.map((args) => [name, ...args].join(' '))
  return {
    operand: fc.oneof(
      { depthSize: 'small' },
      field.map((name) => (name.startsWith('index') ? `(${name})` : name)),
      literal,
      fc.constantFrom('(fromJson .json).a', '(fromJson .json).list', '(fromJson .json).deep.x'),
      pipe.map((inner) => `(${inner})`),
    ),
    command: fc.oneof(
      call('trim', [operand]),
      call('upper', [operand]),
      call('lower', [operand]),
      call('b64enc', [operand]),
      call('b64dec', [operand]),
      call('toString', [operand]),
      call('toJson', [operand]),
      call('fromJson', [operand]),
      call('not', [operand]),
      call('trimPrefix', [operand, operand]),
      call('trimSuffix', [operand, operand]),
      call('default', [operand, operand]),
      call('replace', [operand, operand, operand]),
      call('ne', [operand, operand]),
      fc.tuple(format, some).map(([text, args]) => `printf ${text} ${args.join(' ')}`),
      fc.tuple(operand, some).map(([first, args]) => `eq ${first} ${args.join(' ')}`),
      variadic('and'),
      variadic('or'),
      variadic('quote'),
    ),
    pipeline: fc
      .tuple(
        fc.oneof(operand, tie('command') as fc.Arbitrary<string>),
        fc.array(
          fc.constantFrom(
            'trim',
            'upper',
            'lower',
            'b64enc',
            'b64dec',
            'toJson',
            'toString',
            'quote',
            'fromJson',
            'not',
            'default "d"',
            'trimSuffix "a"',
            'printf "%s|%v|%q" .a',
            'replace "" "-"',
            'and .a',
            'or ""',
            'index .',
          ),
          { maxLength: 3 },
        ),
      )
      .map(([first, rest]) => [first, ...rest].join(' | ')),
    action: fc
      .tuple(pipe, fc.constantFrom('{{', '{{ ', '{{- '), fc.constantFrom('}}', ' }}', ' -}}'))
      .map(([inner, open, close]) => `${open}${inner}${close}`),
    nodes: fc
      .array(
        fc.oneof(
          { depthSize: 'small' },
          text,
          tie('action') as fc.Arbitrary<string>,
          fc.constantFrom('{{/* x */}}', ' {{- /* x */ -}} ', '{{ "}}" }}'),
          fc
            .tuple(pipe, tie('nodes') as fc.Arbitrary<string>, tie('nodes') as fc.Arbitrary<string>)
            .map(([when, a, b]) => `{{ if ${when} }}${a}{{ else -}} ${b}{{ end }}`),
          fc
            .tuple(pipe, tie('nodes') as fc.Arbitrary<string>)
            .map(([when, a]) => `{{if .a}}{{else if ${when}}}${a}{{- end}}`),
        ),
        { maxLength: 4 },
      )
      .map((parts) => parts.join('')),
  }
})

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 8 }),
  text.map((value) => new Uint8Array(Buffer.from(value))),
)
const json = fc
  .record({
    a: fc.jsonValue({ maxDepth: 2 }),
    list: fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 3 }),
    deep: fc.record({ x: fc.jsonValue({ maxDepth: 1 }) }),
  })
  .map((value) => new Uint8Array(Buffer.from(JSON.stringify(value))))
const data = fc.tuple(bytes, bytes, json, bytes, bytes, bytes).map(
  ([a, b, json, b64, raw, other]) =>
    new Map([
      ['a', a],
      ['b', b],
      ['json', json],
      ['b64', new Uint8Array(Buffer.from(Buffer.from(b64).toString('base64')))],
      ['bytes', raw],
      ['é', other],
      ['a-b', a],
    ]),
)

/** Templates that Go runs, and that we refuse on purpose. */
const stricter =
  /no key|has no member|is not base64|is not JSON|computed key|index takes|%.{1,9} is not supported|levels deep|too large|in a row/

t.test('renders a template as Go does, or fails', async (t) => {
  const go = await startGoTemplates(t)
  if (typeof go === 'string') return t.comment(`skipped: ${go}`)
  let rendered = 0
  await fuzz(
    t,
    fc.asyncProperty(nodes, data, async (template, data) => {
      const expected = await go(template, data)
      const parsed = parseTemplate(template)
      const result = parsed.kind === 'valid' ? await renderTemplate(parsed.value, data) : parsed
      if (result.kind === 'invalid') {
        if (expected.error === '' && !stricter.test(result.problem))
          throw new Error(`Go renders it; we say: ${result.problem}`)
        return
      }
      rendered++
      if (expected.error !== '') throw new Error(`we render it; Go says: ${expected.error}`)
      if (Buffer.compare(result.value, expected.bytes) !== 0)
        throw new Error(
          `Go: ${JSON.stringify(Buffer.from(expected.bytes).toString('latin1'))}, we: ${JSON.stringify(Buffer.from(result.value).toString('latin1'))}`,
        )
    }),
  )
  t.ok(rendered > 0, 'at least some templates work')
})

t.test('any text is parsed or refused', async (t) => {
  const pieces = [
    '{{',
    '}}',
    '{{-',
    ' -}}',
    '/*',
    '*/',
    '(',
    ')',
    '|',
    '"',
    '`',
    '.',
    ' ',
    'if',
    'end',
    'else',
    'a',
    '\\',
  ]
  await fuzz(
    t,
    fc.asyncProperty(
      fc.oneof(fc.string({ unit: 'binary' }), pumped(pieces, 70_000), pipeline),
      async (template) => {
        const parsed = parseTemplate(template)
        if (parsed.kind === 'valid') await renderTemplate(parsed.value, new Map())
        else if (parsed.problem.length > 1_000) throw new Error('the message is too long')
      },
    ),
  )
})
