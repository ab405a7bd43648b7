/**
 * The tables in `docs/from-external-secrets.md` that say what becomes of each field: what the readers say about each value. Run it
 * (`node test/requests/external-secret/field-tables.ts`) to write them again.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { describeProblem } from '../../../lib/problems/problem.ts'
import { readExternalSecret } from '../../../requests/external-secret/read-external-secret.ts'
import { readStore } from '../../../requests/external-secret/read-store.ts'
import { policy } from '../../webhook/core/policy.ts'
import { externalSecretFields, type FieldSample, storeFields } from './field-samples.ts'

const pageFile = new URL('../../../docs/from-external-secrets.md', import.meta.url)
const heading = '## Every field\n'

/** The page as it is, and as it should be. */
export function fieldTables(): { readonly found: string; readonly expected: string } {
  const found = readFileSync(pageFile, 'utf8')
  const start = found.indexOf(heading)
  const end = found.indexOf('\n## ', start)
  return { found, expected: `${found.slice(0, start)}${section()}${found.slice(end)}` }
}

const section = () => `${heading}
The fields of the operator's version 2.9.0, with what Secret sync says about each value in a namespace \`shop\` of the public cloud.
${'`'}check${'`'} prints the same sentences with the line of the manifest.

${table(externalSecretFields, externalSecretSentence)}
Of a store; \`conditions\` are of a ClusterSecretStore:

${table(storeFields, storeSentence)}`

/** What is said about a value. Undefined if it is followed. */
type Sentence = (field: string, value: unknown) => string | undefined

function table(fields: readonly FieldSample[], sentenceOf: Sentence): string {
  const rows = fields.map(({ field, values }) => {
    const groups = Map.groupBy(values, (value) => sentenceOf(field, value))
    const cells = [...groups].map(([sentence, values]) => {
      const outcome = sentence ?? 'followed'
      return isEnumeration(values) && groups.size + values.length > 2
        ? `${values.map(shown).join(', ')}: ${outcome}`
        : outcome
    })
    return `| \`${field}\` | ${cells.join('<br>').replaceAll('|', '\\|')} |\n`
  })
  return ['| field | what becomes of it |\n|---|---|\n', ...rows].join('')
}

/** A list has one text, so it is shown as that. */
const isEnumeration = (values: readonly unknown[]): boolean =>
  values.every((value) => typeof value !== 'object' || Array.isArray(value))

const shown = (value: unknown): string => (value === '' ? 'empty' : `\`${value}\``)

const namespace = 'shop'
const vaultUrl = 'https://team-a.vault.azure.net'
const storeSpec = { provider: { azurekv: { vaultUrl } } }

function externalSecretSentence(field: string, value: unknown): string | undefined {
  const spec = withValue(baseOf(field), field.split('.').slice(1), value)
  const { problems, notes } = readExternalSecret(spec, {
    ...{ name: 'db', namespace, policy },
    findStore: ({ kind }) => readStore(storeSpec, { kind, namespace, policy }),
  })
  const sentence = problems[0] ? describeProblem(problems[0]) : notes[0]
  return sentence && shortened(sentence)
}

function storeSentence(field: string, value: unknown): string | undefined {
  const spec = withValue(storeSpec, field.split('.').slice(1), value)
  const kind =
    field.startsWith('spec.conditions') || value === 'other' ? 'ClusterSecretStore' : 'SecretStore'
  const content = readStore(spec, { kind, namespace, policy })
  if (content.kind !== 'read') return shortened(content.sentence)
  const [problem] = [...content.store.problems, ...content.store.unused]
  return problem && shortened(describeProblem(problem))
}

/** What the field needs beside it. */
function baseOf(field: string): object {
  const ofStore = field.includes('.storeRef.') && { sourceRef }
  const item = { secretKey: 'a', remoteRef: { key: 'db' }, ...ofStore }
  const value = field.includes('.find.') ? { find: {} } : { extract: { key: 'db' } }
  const rewrite = rewrites.filter(({ prefix }) => field.includes(prefix)).map(({ base }) => base)
  return {
    secretStoreRef: { name: 'kv' },
    data: [item],
    ...(field.startsWith('spec.dataFrom') && {
      dataFrom: [{ ...value, ...ofStore, ...(rewrite.length > 0 && { rewrite }) }],
    }),
  }
}

const rewrites = [
  { prefix: '.regexp.', base: { regexp: { source: 'a', target: 'b' } } },
  { prefix: '.transform.', base: { transform: { template: 'a' } } },
  { prefix: '.merge.', base: { merge: { into: 'all' } } },
]
const sourceRef = { storeRef: { name: 'kv' } }

/** A copy with a value at a path, whose parts may end with `[]`. */
function withValue(base: unknown, [part = '', ...rest]: readonly string[], value: unknown): object {
  const name = part.replace('[]', '')
  const before: unknown = Reflect.get(Object(base), name)
  if (!part.endsWith('[]'))
    return { ...Object(base), [name]: rest.length === 0 ? value : withValue(before, rest, value) }
  const [first] = Array.isArray(before) ? before : [{}]
  return { ...Object(base), [name]: [withValue(first, rest, value)] }
}

/** Without the path and the value, which the row names. */
const shortened = (sentence: string): string =>
  sentence.replace(/^spec[^ :]*(?: "[^"]*"| \S+(?= has no effect))?:? /, '')

if (import.meta.main) writeFileSync(pageFile, fieldTables().expected)
