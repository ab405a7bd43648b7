import t from 'tap'
import { externalSecretFields, storeFields } from './field-samples.ts'
import { fieldTables } from './field-tables.ts'

t.test('docs/from-external-secrets.md says what becomes of each field', async (t) => {
  const { found, expected } = fieldTables()
  t.equal(found, expected, 'run node test/requests/external-secret/field-tables.ts')
  for (const { field } of [...externalSecretFields, ...storeFields])
    t.ok(found.includes(`| \`${field}\` | `), field)
})

t.test('the tables know every field that is read', async (t) => {
  const { expected } = fieldTables()
  // What is said about a field that nobody reads.
  t.notMatch(expected, /\| .*(?:did you mean|accepted fields|is missing).* \|$/m)
  t.match(expected, /\| `spec\.refreshPolicy` \| `Periodic`, `CreatedOnce`, `OnChange`: followed/)
  t.match(
    expected,
    /\| `spec\.provider\.azurekv\.useAzureSDK` \| `false`: followed<br>`true`: has no/,
  )
})
