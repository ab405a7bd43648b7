import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { fixture } from '../keyvault/formats/fixtures.ts'
import { admissionCases } from '../support/golden/admission-cases.ts'
import { exampleClass } from '../webhook/core/csi/example.ts'
import { fuzz as runProperty } from './harness/fuzz.ts'
import { mutated } from './harness/hostile.ts'

type Target = (data: Buffer) => void | Promise<void>

const folder = join(import.meta.dirname, 'targets')
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -3))

const texts = (...some: readonly string[]) => some.map((text) => Buffer.from(text))
const json = (...some: readonly unknown[]) => texts(...some.map((value) => JSON.stringify(value)))

/** A valid input or two for each target, to be mutated. */
const corpus: Readonly<Record<string, readonly Buffer[]>> = {
  annotations: texts('team-b/tls/web#a', 'array:\n  - |\n    objectName: a\n', 'a={{ x }}'),
  'object-list': texts('db-password, config/app.json=app-config, tls/web?', 'env/API_KEY=api#key'),
  'go-template': texts('{{ .a | upper }}', '{{ if .a }}{{ index .json "a" }}{{ else }}x{{ end }}'),
  pkcs12: ['chain-bare.pfx', 'chain-aes-256.pfx', 'chain-rc2-everywhere.pfx'].map(fixture),
  der: ['chain-bare.pfx', 'chain-no-mac.pfx'].map(fixture),
  pem: ['leaf.crt', 'leaf.key', 'ec-p256-sec1.key'].map(fixture),
  'json-property': texts('a.b\n{"a":{"b":[1,"x"]}}', 'a\n{"a":"\\u0000"}'),
  'env-file': texts("A='x'\nB='y\nz'\n"),
  'admission-review': json(...admissionCases.slice(0, 20).map(({ review }) => review)),
  'secret-provider-class': json(exampleClass(), exampleClass({ objects: '- a' })),
  'external-secret': json({
    spec: {
      secretStoreRef: { name: 'kv' },
      target: { name: 'db', template: { data: { url: '{{ .a }}' } } },
      data: [{ secretKey: 'a', remoteRef: { key: 'a', property: 'x.1' } }],
    },
    store: { provider: { azurekv: { vaultUrl: 'https://team-a.vault.azure.net' } } },
  }),
}

t.test('each target has a corpus', async (t) => {
  t.strictSame(names.toSorted(), Object.keys(corpus).toSorted())
  t.ok(names.length >= 11)
})

for (const name of names)
  t.test(`the target ${name} survives its corpus and mutations of it`, async (t) => {
    const exported = await import(join(folder, `${name}.ts`))
    t.strictSame(Object.keys(exported), ['fuzz'], 'Jazzer.js calls the export "fuzz"')
    const target: Target = exported.fuzz
    const samples = corpus[name] ?? []
    let runs = 0
    for (const sample of [Buffer.alloc(0), ...samples]) {
      await target(sample)
      runs++
    }
    await runProperty(
      t,
      fc.asyncProperty(mutated(samples), async (bytes) => {
        await target(Buffer.from(bytes))
        runs++
      }),
      () => runs > 50,
    )
  })
