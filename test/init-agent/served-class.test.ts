import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { applyPatch } from '../../command/review/apply-patch.ts'
import { findAgent } from '../../command/review/describe-injection.ts'
import { mutate } from '../../webhook/core/mutate.ts'
import { fixture, fixtureText, openssl } from '../keyvault/formats/fixtures.ts'
import { clientId, startTestEmulator, tenantId } from '../support/servers/start-test-emulator.ts'
import { csiPod, exampleClass, lookedUp, requestOf } from '../webhook/core/csi/example.ts'
import { policy } from '../webhook/core/policy.ts'
import { makePod } from './harness/pod.ts'
import { runAgentInProcess } from './harness/run-agent-in-process.ts'

/**
 * From a SecretProviderClass to the bytes in the volume, compared with files that OpenSSL made. The rules are those of the
 * driver's Azure provider.
 */
const pfx = fixture('chain-rc2-40.pfx')
const ecPfx = fixture('chain-ec-p384.pfx')
const storedPem = fixtureText('leaf-pkcs1.key') + fixtureText('leaf.crt')
const block = (text: string) => text.trim().replaceAll(/^/gm, '        ')
const emulator = await startTestEmulator(t, {
  secrets: `
text: "two\\nlines\\n"
empty: ""
base64: "//79"
hex: "00fF"
rotated: { versions: [{ value: older }, { value: newest }] }`,
  objects: `
certificates:
  web: { pfx: '${pfx.toString('base64')}' }
  ec: { pfx: '${ecPfx.toString('base64')}' }
  stored:
    pem: |
${block(storedPem)}`,
})

/** The object, its further fields, and the bytes of its files by their path in the volume. */
type Case = readonly [string, Readonly<Record<string, string>>, Readonly<Record<string, Bytes>>]
type Bytes = string | Buffer
const chain = ['leaf.key', 'leaf.crt', 'intermediate.crt', 'root.crt'].map(fixtureText).join('')
const ecChain = ['ec-p384.key', 'ec-p384.crt', 'intermediate.crt', 'root.crt']
  .map(fixtureText)
  .join('')
const publicKey = (name: string) =>
  openssl(['pkey', '-in', 'key', '-pubout'], { key: fixtureText(`${name}.key`) })
const secret = (more: Readonly<Record<string, string>> = {}) => ({ objectType: 'secret', ...more })
const pfxForm = (more: Readonly<Record<string, string>> = {}) =>
  secret({ objectFormat: 'pfx', ...more })

const cases: Readonly<Record<string, Case>> = {
  'a secret is its bytes': ['text', secret(), { text: 'two\nlines\n' }],
  'an empty secret is an empty file': ['empty', secret(), { empty: '' }],
  'utf-8 is the default encoding': [
    'text',
    secret({ objectEncoding: 'utf-8', objectAlias: 'a/b' }),
    { 'a/b': 'two\nlines\n' },
  ],
  'base64 is decoded': [
    'base64',
    secret({ objectEncoding: 'base64' }),
    { base64: Buffer.from([0xff, 0xfe, 0xfd]) },
  ],
  'hex is decoded': ['hex', secret({ objectEncoding: 'hex' }), { hex: Buffer.from([0, 0xff]) }],
  'a PKCS#12 becomes PEM': ['web', secret(), { web: chain }],
  'with an EC key too': ['ec', secret({ objectFormat: 'pem' }), { ec: ecChain }],
  'pfx is the stored text': ['web', pfxForm(), { web: pfx.toString('base64') }],
  'pfx decoded from base64 is the binary': [
    'web',
    pfxForm({ objectEncoding: 'base64' }),
    { web: pfx },
  ],
  'stored PEM stays as it is': ['stored', secret(), { stored: storedPem }],
  'a certificate is its leaf': ['web', { objectType: 'cert' }, { web: fixtureText('leaf.crt') }],
  'also if its key is an EC key': [
    'ec',
    { objectType: 'cert' },
    { ec: fixtureText('ec-p384.crt') },
  ],
  'a key is its public half': ['web', { objectType: 'key' }, { web: publicKey('leaf') }],
  'of an EC key too': ['ec', { objectType: 'key' }, { ec: publicKey('ec-p384') }],
  'a history is a folder': [
    'rotated',
    secret({ objectVersionHistory: '2' }),
    { 'rotated/0': 'newest', 'rotated/1': 'older' },
  ],
}

/** The agent's configuration for a pod with a volume of this class, without the cloud, which is the emulator's. */
function configFor(objects: string) {
  const served = exampleClass({ clientID: clientId, tenantId, objects })
  const pod = csiPod()
  const outcome = mutate(requestOf(pod), policy, lookedUp({ 'azure-kv': served }))
  if (outcome.kind !== 'injected') throw new Error(JSON.stringify(outcome))
  const { cloud: _, ...config } = findAgent(applyPatch({ ...pod }, outcome.operations)).config
  return config
}

async function serve(t: Parameters<typeof makePod>[0], objects: string) {
  const pod = await makePod(t, emulator, configFor(objects))
  const { code, output } = await runAgentInProcess(pod)
  t.equal(code, 0, output)
  return join(pod.root, 'csi/secrets-store')
}

const listOf = (...entries: readonly object[]) =>
  `array:\n${entries.map((entry) => `  - |\n    ${JSON.stringify(entry)}\n`).join('')}`

for (const [title, [objectName, fields, files]] of Object.entries(cases))
  t.test(title, async (t) => {
    const folder = await serve(t, listOf({ objectName, ...fields }))
    for (const [path, expected] of Object.entries(files)) {
      t.strictSame(readFileSync(join(folder, path)), Buffer.from(expected), path)
      t.equal(statSync(join(folder, path)).mode & 0o7777, 0o644)
    }
    const entries = readdirSync(join(folder, '..data'), { recursive: true, withFileTypes: true })
    t.equal(entries.filter((entry) => entry.isFile()).length, Object.keys(files).length)
  })

t.test('one class can have every type of object, and each file has its own mode', async (t) => {
  const entries = Object.values(cases).map(([objectName, fields], i) => ({
    objectName,
    ...fields,
    objectAlias: `of/${i}`,
    filePermission: '0640',
  }))
  const folder = await serve(t, listOf(...entries))
  Object.values(cases).forEach(([name, , files], i) => {
    for (const [path, expected] of Object.entries(files)) {
      const file = join(folder, 'of', `${i}`, /\/\d$/.exec(path)?.[0] ?? '')
      t.strictSame(readFileSync(file), Buffer.from(expected), `${name} ${i}`)
      t.equal(statSync(file).mode & 0o7777, 0o640)
    }
  })
})
