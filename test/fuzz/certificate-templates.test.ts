import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { buildPfx } from '../../keyvault/formats/pkcs12/build-pfx.ts'
import { certificateDer, fixture, keyDer } from '../keyvault/formats/fixtures.ts'
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

const compare = (go: GoTemplates, call: string, value: string | Uint8Array) =>
  compareWithGo(go, `{{ ${call} .a }}`, new Map([['a', new Uint8Array(Buffer.from(value))]]))

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

  t.test('blocks of a PEM', async (t) => {
    const label = fc.constantFrom('CERTIFICATE', 'certificate', 'PRIVATE KEY', 'X-Y', '')
    await fuzz(
      t,
      fc.asyncProperty(label, pumped(pemPieces, 25_000), async (label, pem) => {
        const { problem, goProblem } = await compare(go, `filterPEM "${label}"`, pem)
        if (problem === '' && goProblem !== '') throw new Error(`Go says: ${goProblem}`)
      }),
    )
  })
})
