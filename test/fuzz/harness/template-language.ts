import fc from 'fast-check'
import { blank, format, literal, text } from './template-texts.ts'

const field = fc.constantFrom('.a', '.b', '.json', '.b64', '.bytes', '.é', 'index . "a-b"', '.')
const parsed = fc.constantFrom(
  '(fromJson .json).a',
  '(fromJson .json).list',
  '(fromJson .json).deep.x',
  '(index (fromJson .json) "deep" "x")',
  '(fromJson .json)',
)
const next = fc.constantFrom(
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
  'eq .a',
  'index .',
)
const comment = fc.constantFrom(
  '{{/* x */}}',
  ' {{- /* x */ -}} ',
  '{{/* }} {{ "` */ -}}\n ',
  '{{- /**/}}',
  '{{/***/}}',
)
const open = fc.constantFrom('{{', '{{ ', '{{- ', '{{-\n', '{{-  ')
const close = fc.constantFrom('}}', ' }}', ' -}}', '\n-}}', '  -}}')

/** `nodes` are whole templates of our language, `pipeline` is what may stand in an action. */
export const { pipeline, nodes } = fc.letrec<Record<'operand' | 'pipeline' | 'nodes', string>>(
  (tie) => {
    const operand = tie('operand')
    const pipe = tie('pipeline')
    const inner = tie('nodes')
    const call = (name: string, count: number) =>
      fc
        .tuple(blank, fc.array(operand, { minLength: count, maxLength: count }))
        .map(([space, args]) => [name, ...args].join(space))
    const some = fc.array(operand, { minLength: 1, maxLength: 3 })
    const variadic = (name: string) => some.map((args) => [name, ...args].join(' '))
    const action = fc.tuple(open, pipe, close).map((parts) => parts.join(''))
    const keyword = (words: string) => fc.tuple(open, close).map(([a, b]) => `${a}${words}${b}`)
    const when = (word: string) =>
      fc.tuple(open, pipe, close).map(([a, condition, b]) => `${a}${word} ${condition}${b}`)
    const otherwise = fc.tuple(keyword('else'), inner).map((parts) => parts.join(''))
    const elseIfs = fc.array(
      fc.tuple(when('else if'), inner).map((parts) => parts.join('')),
      { maxLength: 3 },
    )
    return {
      operand: fc.oneof(
        { depthSize: 'small' },
        field.map((name) => (name.startsWith('index') ? `(${name})` : name)),
        literal,
        parsed,
        pipe.map((inside) => `(${inside})`),
      ),
      pipeline: fc
        .tuple(
          fc.oneof(
            operand,
            ...['trim', 'upper', 'lower', 'b64enc', 'b64dec'].map((name) => call(name, 1)),
            ...['toString', 'toJson', 'fromJson', 'not'].map((name) => call(name, 1)),
            ...['trimPrefix', 'trimSuffix', 'default', 'ne'].map((name) => call(name, 2)),
            call('replace', 3),
            fc.tuple(format, some).map(([text, args]) => `printf ${text} ${args.join(' ')}`),
            fc.tuple(operand, some).map(([first, args]) => `eq ${first} ${args.join(' ')}`),
            ...['and', 'or', 'quote'].map(variadic),
          ),
          fc.array(next, { maxLength: 3 }),
          fc.constantFrom(' | ', '|', '\n| '),
        )
        .map(([first, rest, bar]) => [first, ...rest].join(bar)),
      nodes: fc
        .array(
          fc.oneof(
            { depthSize: 'small' },
            text,
            action,
            comment,
            fc
              .tuple(when('if'), inner, elseIfs, fc.option(otherwise, { nil: '' }), keyword('end'))
              .map(([start, a, others, last, end]) => [start, a, ...others, last, end].join('')),
          ),
          { maxLength: 4 },
        )
        .map((parts) => parts.join('')),
    }
  },
)

/** Tokens of Go's whole language: variables, loops and numbers too. */
const token = fc.oneof(
  { weight: 3, arbitrary: pipeline },
  ...['if', 'else', 'else if', 'end', 'with', 'range', 'define "x"', 'template "x"', 'block "x" .']
    .concat([
      'break',
      'continue',
      'nil',
      'true',
      'false',
      '1',
      '-1',
      '1.5',
      '0x1F',
      "'a'",
      '1i',
      ',',
    ])
    .concat(['$', '$x', '$.a', ':=', '=', '$x := .a', '$k, $v := fromJson .json', '/*', '*/', '-'])
    .concat([
      '(',
      ')',
      '|',
      '.',
      '.a',
      '.a.b',
      '"a"',
      'trim',
      'print',
      'len',
      'html',
      'slice',
      'lt',
    ])
    .map((word) => fc.constant(word)),
)
const anyAction = fc
  .tuple(open, fc.array(token, { minLength: 1, maxLength: 3 }), fc.constantFrom('', ' '), close)
  .map(([start, tokens, between, end]) => `${start}${tokens.join(between)}${end}`)

/** Actions of Go's whole language in any order, some of which Go refuses. */
export const anyTemplate = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: anyAction },
      text,
      ...['{{', '}}', '{{ /* x */}}', '{{/* x */ }}', '{{end}}', '{{else}}', '{{if .a}}', '{{$x}}']
        .concat(['{{range .}}', '{{with .a}}', '{{$x := .b}}'])
        .map((piece) => fc.constant(piece)),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(''))
