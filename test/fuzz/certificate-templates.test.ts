import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { templateRenderer } from '../../delivery/go-template/render.ts'
import { writePem } from '../../keyvault/formats/pem.ts'
import { buildPfx } from '../../keyvault/formats/pkcs12/build-pfx.ts'
import { createCpuBudget } from '../../lib/cpu-budget.ts'
import {
  certificateDer,
  fixture,
  fixtureText,
  keyDer,
  parsedValue,
} from '../keyvault/formats/fixtures.ts'
import { without } from '../support/needs/without.ts'
import { compareWithGo } from './harness/compare-with-go.ts'
import { fuzz } from './harness/fuzz.ts'
import { type GoTemplates, startGoTemplates } from './harness/go-templates.ts'
import { pumped } from './harness/hostile.ts'
import { pemPieces } from './harness/pieces.ts'

const samples = readdirSync(join(import.meta.dirname, '../fixtures/content')).filter((name) =>
  name.endsWith('.pfx'),
)
/** What neither of us reads. */
const wrongFiles: Readonly<Record<string, readonly string[]>> = {
  'no-key.pfx': ['pkcs12key'],
  'several-keys.pfx': ['pkcs12key'],
  'with-password.pfx': ['pkcs12key', 'pkcs12cert'],
}

const pkcs8 = (name: string) => writePem({ label: 'PRIVATE KEY', der: keyDer(name) })

const compare = (go: GoTemplates, call: string, value: string | Uint8Array) =>
  compareWithGo(go, `{{ ${call} .a }}`, new Map([['a', new Uint8Array(Buffer.from(value))]]))

/** What Go leaves out of the result. Only these texts are refused here on purpose. */
const damage =
  /begins inside another one|is truncated|END line doesn't match|is not base64|encrypted or has headers|with CR alone/

const [certificate, key] = [fixtureText('leaf.crt'), fixtureText('leaf.key')]
const text = fc
  .array(
    fc.constantFrom('', 'Bag Attributes', '    friendlyName: web', 'subject=CN = web', '--', '***'),
    { maxLength: 3 },
  )
  .map((lines) => lines.map((line) => `${line}\n`).join(''))
const bodyOf = (pem: string) => pem.split('\n').slice(1, -2).join('\n')
/** Nobody asks for what the others contain. */
const block = fc.oneof(
  fc.constantFrom(certificate, key),
  fc
    .constantFrom(bodyOf(key), `Proc-Type: 4,ENCRYPTED\nDEK-Info: x\n\n${bodyOf(key)}`, '')
    .map((body) => `-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----\n`),
)
const texts = fc.array(fc.oneof(block, text)).map((parts) => parts.join(''))

t.test('certificates in templates give what Go gives', { skip: without('go') }, async (t) => {
  const go = await startGoTemplates(t)
  t.test('PKCS#12 files of many kinds', async (t) => {
    for (const name of samples)
      for (const call of ['pkcs12key', 'pkcs12cert']) {
        const { problem } = await compare(go, call, fixture(name))
        const isWrong = wrongFiles[name]?.includes(call) === true
        t.equal(problem !== '', isWrong, `${name}, ${call}: ${problem}`)
      }
  })

  t.test('certificates in any order, some of them missing', async (t) => {
    const names = ['leaf', 'intermediate', 'root', 'unrelated', 'ec-p256']
    const certificates = fc.shuffledSubarray(names, { minLength: 1 })
    await fuzz(
      t,
      fc.asyncProperty(certificates, fc.constantFrom('leaf', 'ec-p256'), async (some, key) => {
        const material = { keys: [keyDer(key)], certificates: some.map(certificateDer) }
        const { problem } = await compare(go, 'pkcs12cert', await buildPfx(material))
        if (problem !== '') throw new Error(problem)
      }),
    )
  })

  t.test('key stores and trust stores with a password are read by Go', async (t) => {
    const render = async (template: string, values: Readonly<Record<string, string>>) => {
      const data = Object.entries(values).map(([name, text]) => [name, Buffer.from(text)] as const)
      return parsedValue(await templateRenderer(new Map(data), createCpuBudget())(template))
    }
    for (const leaf of ['leaf', 'ec-p256'])
      for (const password of ['changeit', 'pässwörd', 'a b\n', '']) {
        const values = {
          crt: fixtureText(`${leaf}.crt`) + fixtureText('root.crt'),
          key: fixtureText(`${leaf}.key`),
          pass: password,
        }
        const store = await render('{{ fullPemToPkcs12Pass .crt .key .pass | b64dec }}', values)
        const trust = await render('{{ pemTruststoreToPKCS12Pass .crt .pass | b64dec }}', values)
        const data = new Map([
          ['store', store],
          ['trust', trust],
          ['pass', new Uint8Array(Buffer.from(password))],
        ])
        const call = async (template: string) => {
          const { bytes, error } = await go(template, data)
          t.equal(error, '', template)
          return Buffer.from(bytes).toString()
        }
        t.equal(await call('{{ pkcs12keyPass .pass .store }}'), pkcs8(leaf))
        t.equal(await call('{{ pkcs12certPass .pass .store }}'), values.crt)
        t.equal(await call('{{ trustedCerts .pass .trust }}'), values.crt)
      }
  })

  t.test('blocks of a PEM', async (t) => {
    const label = fc.constantFrom('CERTIFICATE', 'certificate', 'PRIVATE KEY', 'X-Y', '')
    await fuzz(
      t,
      fc.asyncProperty(label, pumped(pemPieces, 25_000), async (label, pem) => {
        const { problem, goProblem } = await compare(go, `filterPEM "${label}"`, pem)
        if (problem === '' && goProblem !== '') throw new Error(`Go says: ${goProblem}`)
        if (problem !== '' && goProblem === '' && !damage.test(problem))
          throw new Error(`Go accepts it; we say: ${problem}`)
      }),
    )
  })

  t.test('whole blocks, with any text before, between and after them', async (t) => {
    const runs = await fuzz(
      t,
      fc.asyncProperty(texts, texts, async (before, after) => {
        const pem = `${before}${certificate}${after}`
        const { problem, goProblem } = await compare(go, 'filterPEM "certificate"', pem)
        if (problem + goProblem !== '') throw new Error(`Go: ${goProblem}, we: ${problem}`)
      }),
    )
    t.ok(runs > 0)
  })
})
