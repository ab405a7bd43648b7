import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { toPlain } from '../../../repository/input/document/to-plain.ts'
import { findNamedObjects } from '../../../repository/input/objects/find-objects.ts'
import { parseManifests, readManifestFiles } from '../../../repository/input/read-manifests.ts'

const parse = (text: string) => parseManifests(text, 'x.yaml', { command: 'check' })
/** The message of the error that the text causes. */
function messageOf(text: string): string {
  try {
    parse(text)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

t.test('a YAML error names its position, what was found and what to do', async (t) => {
  for (const [text, message] of [
    ['a:\n\tb: 1\n', '2:1: found a tab as indentation; use spaces'],
    ['a:\r\n  b: 1\r\n\tc: 1\r\n', '3:1: found a tab as indentation; use spaces'],
    ['a: 1\nb: 2\na: 3\n', '3:1: the mapping has the key "a" twice; remove one'],
    ['[{ a: 1, "a": 2 }]', '1:10: the mapping has the key "a" twice; remove one'],
    ['<<: {}\n0x10: 1\n16: 2\n', '3:1: the mapping has the key "16" twice; remove one'],
    ['a: "x\nb: 1\n', '1:4: the value "x has no closing quote; add it'],
    ['a: [1', '1:6: the text ends where YAML expects more; complete it'],
    ['{a: 1', /^1:6: a comma, a colon or a closing bracket is missing before this place; add it/],
    ['a: [1\nb: 2', /^2:1: "b: 2" is indented differently from the lines/],
    ['a:\n  b: 1\n c: 2\n', /^3:1: "c: 2" is indented differently/],
    ['a: b: c\n', /^1:4: found another mapping, "b: c", on the line of its key; quote the value/],
    ['a\nb: 1\n', /^1:1: found "a", which isn't a key followed by a colon and a space; write KEY:/],
    ['a: @x\n', '1:4: a value can\'t begin with "@"; quote it'],
    ['a: *\n', '1:4: found "*" without a name; quote the value'],
    ['a: "\\q"\n', /^1:5: "\\q" isn't a valid escape in double quotes; use single quotes/],
    ['{a: 1 b: 2}\n', /^1:5: found "1 b: 2}" inside brackets or braces; separate the items/],
    ['a: 1\n---\nb: ]\n', /^3:4: found "]", which YAML doesn't expect here; check/],
    ['a: &x &y z\n', '1:7: the value has two anchors; remove one'],
    [`${'k'.repeat(2000)}: 1\n`, '1:1: a key is longer than 1024 characters; shorten it'],
    ['['.repeat(20_000), /: is nested too deeply; flatten it$/],
    ['a: *x\n', '1:4: nothing above has the anchor "x"; add it'],
    ['a: [*x]\nb: &x 1\n', '1:5: nothing above has the anchor "x"; add it'],
    ['? [a]\n: 1\n', "1:3: a list or a mapping can't be a key in a manifest; quote it"],
  ] as const) {
    const found = messageOf(text)
    if (typeof message === 'string') t.equal(found, `x.yaml:${message}`, text.slice(0, 40))
    else t.match(found.replace(/^x\.yaml:/, ''), message, text.slice(0, 40))
    t.notMatch(found, '\n')
  }
})

t.test(
  'a comment needs no space after a value that can’t contain it, as for kubectl',
  async (t) => {
    for (const [text, value] of [
      ['a: "x"#c\nb: 1\n', { a: 'x', b: 1 }],
      ["a: 'x'#c\nb: 1\n", { a: 'x', b: 1 }],
      ['a: [1]#c\nb: { c: 1 }#c\n', { a: [1], b: { c: 1 } }],
      ['a: |#c\n  x\nb: 1\n', { a: 'x\n', b: 1 }],
      ['- "x"#c\n', ['x']],
      ['a: x#c\n', { a: 'x#c' }],
    ] as const)
      t.strictSame(parse(text).map(toPlain), [value], text)
    t.equal(
      messageOf('a: "x"#c\n b: 1\n'),
      'x.yaml:2:1: "b: 1" is indented differently from the lines that it belongs to; align it',
    )
  },
)

const rollout =
  'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec:\n  template:\n    a: 1\n    spec:\n'

t.test('a template is recognised, whether it parses as YAML or not', async (t) => {
  const sentence =
    'is a template; pass the folder of its chart, or render it first: helm template NAME CHART | akv-injector check -'
  for (const [text, position] of [
    ['kind: Pod\n{{- if .Values.x }}\na: 1\n{{- end }}\n', '2:1'],
    ['a: 1\n---\nmetadata:\n  name: web-{{ include "name" . }}\n', '4:13'],
    ['apiVersion: external-secrets.io/v1\nkind: ExternalSecret\na: b-{{ .Values.x }}\n', '3:6'],
    [`${rollout}      containers:\n      - image: a:{{ .Values.tag }}\n`, '8:18'],
    ['metadata:\n  name: web-{{ .Release.Name }}\n', '2:13'],
    ['a: "{{ x }}"\nb: {{ include "app.name" . | quote }}\n', '2:4'],
    ['b: {{ x }}\n', '1:4'],
    ['a: |\n  {{ x }}\n  {{ y }}\n{{ broken\n', '4:1'],
  ] as const)
    t.equal(messageOf(text), `x.yaml:${position}: ${sentence}`)
  for (const text of [
    'image: app:{{inputs.parameters.tag}}\n',
    'name: app-{{.path.basename}}\n',
    'a: "{{ .Values.x }}"\n# {{ .Values.y }}\nb: |\n  {{- if .Values.z }}\n',
    `a: ${'b{{'.repeat(20_000)}\n`,
    'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values:\n    host: web-{{ .Release.Name }}\n',
    'apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\na: app-{{ .name }}{{ if .x }}-{{ tpl .Values.x }}{{ end }}\n',
    'apiVersion: external-secrets.io/v1\nkind: ExternalSecret\na: db://{{ .user }}{{ if .x }}y{{ end }}\n',
  ])
    t.equal(messageOf(text), '', 'braces of other tools are left alone')
})

t.test('a position counts lines and columns from 1, in every document', async (t) => {
  const [first, second] = parse('# c\na: 1\n---\nb:\n  c: 2\n')
  t.match(first?.positionAt(4), { source: 'x.yaml', line: 2, column: 1 })
  t.match(second?.positionAt(18), { line: 5, column: 3 })
})

t.test('text in UTF-16 with a byte order mark is read as kubectl reads it', async (t) => {
  const folder = t.testdir()
  const text = '\ufeffa: "é😀"\r\n---\r\nb: 2\r\n'
  for (const bytes of [Buffer.from(text, 'utf16le'), Buffer.from(text, 'utf16le').swap16()]) {
    const file = join(folder, 'x.yaml')
    writeFileSync(file, bytes)
    const [read] = readManifestFiles([file], { command: 'check' })
    t.strictSame(read?.manifests.map(toPlain), [{ a: 'é😀' }, { b: 2 }])
    t.strictSame(read?.manifests[1]?.positionAt(15), { source: file, line: 3, column: 1 })
  }
})

t.test('a file that isn’t text in one of these is named with the reason', async (t) => {
  const folder = t.testdir()
  for (const [bytes, reason] of [
    [Buffer.from([0xff, 0xfe, 0x61]), 'is not valid UTF-16; pass manifests in YAML or JSON'],
    [
      Buffer.from('\ufeff\ud800:', 'utf16le'),
      'is not valid UTF-16; pass manifests in YAML or JSON',
    ],
    [Buffer.from('a: 1\n', 'utf16le'), 'is a binary file; pass manifests in YAML or JSON'],
    [Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0]), 'is a binary file; pass manifests in YAML or JSON'],
    [Buffer.from([0xc3, 0x28]), 'is not valid UTF-8; pass manifests in YAML or JSON'],
    [Buffer.alloc(64 * 1024 * 1024 + 1, 0x20), 'is larger than 64 MiB; split it'],
  ] as const) {
    const file = join(folder, 'x.yaml')
    writeFileSync(file, bytes)
    t.throws(() => readManifestFiles([file], { command: 'check' }), {
      message: `${file}: ${reason}`,
    })
  }
  const file = join(folder, 'bom.yaml')
  writeFileSync(file, '\ufeffa: 1\n')
  t.equal(readManifestFiles([file], { command: 'check' })[0]?.manifests.length, 1)
  writeFileSync(file, '')
  t.strictSame(readManifestFiles([file], { command: 'check' })[0]?.manifests, [])
})

t.test('a name like e0 is text, as it is to kubectl', async (t) => {
  const [manifest] = parse('a: [e0, E12, 1e3, .5e1, -2E-1]\n')
  t.strictSame(manifest && toPlain(manifest), { a: ['e0', 'E12', 1000, 5, -0.2] })
})

t.test('a namespace that YAML reads as another type is refused at its position', async (t) => {
  for (const [written, found] of [
    ['n', 'the boolean false'],
    ['0x10', 'the number 16'],
    ['[a]', 'a list or a mapping'],
  ] as const) {
    const [manifest] = parse(`kind: Pod\nmetadata:\n  namespace: ${written}\n`)
    t.throws(() => manifest && findNamedObjects(manifest, 'default'), {
      message: `x.yaml:3:3: metadata.namespace is ${found} to YAML, and the API server accepts text only; quote it`,
    })
  }
})
