import fc from 'fast-check'
import t from 'tap'
import { readKeyMaterial, readPem, writePem } from '../../keyvault/formats/pem.ts'
import { fuzz } from './harness/fuzz.ts'
import { assertParsed, pumped } from './harness/hostile.ts'
import { pemPieces } from './harness/pieces.ts'

const text = pumped(pemPieces, 25_000)

t.test('a PEM gives its blocks, or a problem that repeats nothing of it', async (t) => {
  await fuzz(
    t,
    fc.property(text, (pem) => {
      const parsed = readPem(pem)
      const blocks = assertParsed(parsed) ?? []
      const total = blocks.reduce((sum, { label, der }) => sum + label.length + der.length, 0)
      if (total > pem.length) throw new Error(`${total} bytes out of ${pem.length}`)
      if (parsed.kind === 'invalid' && parsed.problem.includes('AAAA'))
        throw new Error(parsed.problem)
    }),
  )
})

t.test('a PEM gives keys and certificates, or a problem', async (t) => {
  await fuzz(
    t,
    fc.property(text, (pem) => void assertParsed(readKeyMaterial(pem))),
  )
})

t.test('blocks that are written read the same', async (t) => {
  const label = fc.stringMatching(/^[A-Z][A-Z ]{0,20}[A-Z]$/)
  const block = fc.record({ label, der: fc.uint8Array({ minLength: 1, maxLength: 300 }) })
  await fuzz(
    t,
    fc.property(fc.array(block), (blocks) => {
      const read = assertParsed(readPem(blocks.map(writePem).join('text between\n'))) ?? []
      const same = read.map(({ label, der }) => ({ label, der: Uint8Array.from(der) }))
      if (JSON.stringify(same) !== JSON.stringify(blocks)) throw new Error('they differ')
    }),
  )
})
