import t from 'tap'
import {
  findPlaceholders,
  mayHavePlaceholders,
} from '../../../repository/input/placeholders/find-placeholders.ts'

const nameIn = (text: string) => findPlaceholders(text).map(({ name }) => name)

t.test('what a person replaces is a placeholder, wherever it stands in a value', (t) => {
  const id = 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx'
  for (const text of [
    ...['YOUR_VAULT', 'YOUR_KEY_VAULT_NAME', 'REPLACE_WITH_CLIENT_ID', 'INSERT_TENANT_HERE'],
    ...['CHANGEME', 'CHANGE_ME', 'REPLACEME', 'REPLACE_ME', 'REPLACE_ME_WITH_ID', 'CHANGE_THIS'],
    ...['PLACEHOLDER', 'PLACEHOLDER_ID'],
    ...[id, id.toUpperCase(), id.replaceAll('x', '0')],
  ]) {
    t.strictSame(nameIn(text), [text])
    for (const around of [`https://${text}.vault.azure.net/`, `kv-${text}-01`, `a: "${text}"\nb`])
      t.strictSame(nameIn(around), [text], around)
    t.ok(mayHavePlaceholders(text))
  }
  t.end()
})

t.test('words in double braces are one, unless they are an expression of a template', (t) => {
  t.strictSame(nameIn('kv-{{ tenant id }}'), ['tenant id'])
  t.strictSame(nameIn('{{client-id}}'), ['client-id'])
  t.strictSame(nameIn('REPLACE-WITH-TENANT-ID'), ['REPLACE-WITH-TENANT-ID'])
  for (const text of [
    ...[
      '{{ .Values.a }}',
      '{{ include "a" . }}',
      '{{path.name}}',
      '{{ a | quote }}',
      '{{}}',
      '{a}',
    ],
    ...['{{end}}', '{{ else }}', '{{-x-}}', `{{${'a'.repeat(65)}}}`],
  ])
    t.strictSame(nameIn(text), [], text)
  t.end()
})

t.test('a variable without braces is one in capital letters', (t) => {
  t.strictSame(nameIn('$SECRET_NAME'), ['SECRET_NAME'])
  t.strictSame(nameIn('kv-$ENV-01'), ['ENV'])
  for (const text of ['$$ENV', '\\$ENV', '$env', '$Env', '$1', 'a$ENV', '$ENVx', '$.ITEM', '$'])
    t.strictSame(nameIn(text), [], text)
  t.end()
})

t.test('names that somebody could give are not', (t) => {
  for (const text of [
    ...['your-vault', 'YOUR-VAULT', 'your_vault', 'changeme', 'change-me', 'replace-me', 'YOUR'],
    ...[
      'YOURS',
      'DB_PASSWORD',
      'MY_YOUR_KEY',
      'CHANGE_LOG',
      'REPLACE_KEY',
      'REPLACEMENT',
      'INSERT',
    ],
    ...['CHANGEMENT', 'EXCHANGEME', 'YOUR_Vault', 'YOUR_VAULTs', 'xxxxxxxx', 'xxxx-xxxx'],
    ...['00000000-0000-0000-0000-000000000001', '10000000-0000-0000-0000-000000000000'],
    ...['REPLACE-WITH', 'REPLACE-WITH-id', 'replace-with-id', 'PLACEHOLDERS', 'placeholder'],
  ])
    t.strictSame(nameIn(text), [], text)
  t.end()
})

t.test('a long text takes linear time', (t) => {
  for (const part of [
    'YOUR_',
    'A_',
    'REPLACE_WITH_',
    'x',
    'xxxxxxxx-',
    '$A',
    '$',
    '{{a',
    '{{a ',
    'REPLACE-WITH-',
  ])
    t.ok(findPlaceholders(part.repeat(1_000_000)).length <= 1_000_000)
  t.end()
})
