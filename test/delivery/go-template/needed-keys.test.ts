import t from 'tap'
import { neededKeys } from '../../../delivery/go-template/needed-keys.ts'
import { parseGoTemplate } from '../../../delivery/go-template/parse/parse.ts'

function keysOf(text: string): readonly string[] {
  const template = parseGoTemplate(text)
  if (template.kind === 'invalid') throw new Error(template.problem)
  return [...neededKeys(template.value)].toSorted()
}

t.test('finds the keys that are read in any case', async (t) => {
  t.strictSame(keysOf('{{ .a }}-{{ index . "b-c" }}'), ['a', 'b-c'])
  t.strictSame(keysOf('{{ printf "%s" (.a | upper) .b | quote }}'), ['a', 'b'])
  t.strictSame(keysOf('{{ (fromJson .a).host }}{{ .b | default "x" }}'), ['a', 'b'])
  t.strictSame(keysOf('{{ .é }}{{ . | toJson }}text'), ['é'])
})

t.test('leaves out the keys that may not be read', async (t) => {
  t.strictSame(keysOf('{{ if .a }}{{ .b }}{{ else if .c }}{{ .d }}{{ end }}'), ['a'])
  t.strictSame(keysOf('{{ or .a .b }}{{ .d | and .e .f }}'), ['a', 'd', 'e'])
  t.strictSame(keysOf('{{ index . .a }}'), ['a'])
})
