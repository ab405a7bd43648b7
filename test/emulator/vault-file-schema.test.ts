import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { parse } from 'yaml'
import { vaultFileSchema } from '../../emulator/data/parse-data.ts'
import { updatesGolden } from '../support/needs/updates-golden.ts'

const root = join(import.meta.dirname, '../..')
const schemaFile = join(root, 'emulator/data/vault-file.schema.json')
const example = parse(readFileSync(join(root, 'manifests/examples/vault.yaml'), 'utf8'))

t.test('the published schema is that of the code (UPDATE_GOLDEN=1 writes it)', async (t) => {
  const current = JSON.stringify(vaultFileSchema(), null, 2)
  if (updatesGolden()) writeFileSync(schemaFile, `${current}\n`)
  t.strictSame(JSON.parse(readFileSync(schemaFile, 'utf8')), JSON.parse(current))
})

const isValid = new Ajv2020({ strict: false, validateFormats: false }).compile(vaultFileSchema())
const withSecret = (secret: unknown) => ({ vaults: { abc: { secrets: { one: secret } } } })

t.test('an editor accepts what the emulator reads', async (t) => {
  const accepted = [
    {},
    { vaults: null },
    example,
    ...['text', 644, true, { value: 644 }, { generate: 3, enabled: false }].map(withSecret),
    withSecret({ versions: [{ value: 'a' }, { value: 'b', enabled: false }] }),
    { vaults: { abc: { keys: { k: { type: 'RSA', size: 2048 } } } } },
    { vaults: { abc: { certificates: { web: { issuer: { intermediates: 2 } } } } } },
  ]
  for (const data of accepted) t.ok(isValid(data), JSON.stringify(data).slice(0, 100))
})

t.test('an editor marks unknown keys, wrong kinds and numbers out of range', async (t) => {
  const refused = [
    [],
    { vault: {} },
    { vaults: { abc: { readers: 'me' } } },
    withSecret({ valeu: 'a' }),
    withSecret({ generate: 0 }),
    withSecret(['a']),
    { vaults: { abc: { keys: { k: { size: 1024 } } } } },
    { vaults: { abc: { certificates: { web: { issuer: 'DigiCert' } } } } },
  ]
  for (const data of refused) t.notOk(isValid(data), JSON.stringify(data))
})
