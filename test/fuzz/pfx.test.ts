import fc from 'fast-check'
import t from 'tap'
import { tags, writeElement, writeInteger, writeOid } from '../../keyvault/formats/der.ts'
import { readPfx } from '../../keyvault/formats/pkcs12/pfx.ts'
import { createCpuBudget } from '../../lib/cpu-budget.ts'
import { fixture } from '../keyvault/formats/fixtures.ts'
import { derElement } from './harness/der-element.ts'
import { fuzz } from './harness/fuzz.ts'
import { assertParsed, mutated } from './harness/hostile.ts'

const data = '1.2.840.113549.1.7.1'

/** A file without a MAC, so that everything inside is read. */
function pfxAround(parts: readonly Uint8Array[]): Buffer {
  const safe = writeElement(tags.octetString, writeElement(tags.sequence, ...parts))
  const content = writeElement(tags.constructedContext0, safe)
  const authenticatedSafe = writeElement(tags.sequence, writeOid(data), content)
  return writeElement(tags.sequence, writeInteger(3), authenticatedSafe)
}

/** A part that contains bags, unencrypted. */
function dataPart(bags: readonly Uint8Array[]): Buffer {
  const contents = writeElement(tags.octetString, writeElement(tags.sequence, ...bags))
  return writeElement(
    tags.sequence,
    writeOid(data),
    writeElement(tags.constructedContext0, contents),
  )
}

const bag = fc
  .tuple(fc.constantFrom(1, 2, 3, 4, 5, 9), fc.array(derElement, { maxLength: 3 }))
  .map(([type, content]) =>
    writeElement(
      tags.sequence,
      writeOid(`1.2.840.113549.1.12.10.1.${type}`),
      writeElement(tags.constructedContext0, ...content),
    ),
  )
const parts = fc.oneof(derElement, fc.array(bag, { maxLength: 4 }).map(dataPart))
const built = fc.array(parts, { maxLength: 4 }).map(pfxAround)

const samples = [
  'chain-3des-no-mac.pfx',
  'chain-no-mac.pfx',
  'chain-bare.pfx',
  'chain-attributes.pfx',
  'chain-aes-256.pfx',
  'chain-rc2-everywhere.pfx',
  'null-password.pfx',
].map(fixture)

class BudgetSpentError extends Error {}
/** Enough for the samples, but not for a file that needs many rounds. */
const microseconds = 20_000

t.test('a PFX gives its keys and certificates, or a problem', async (t) => {
  await fuzz(
    t,
    fc.asyncProperty(fc.oneof(mutated(samples), built), async (pfx) => {
      const budget = createCpuBudget({
        microseconds,
        exhausted: () => new BudgetSpentError(),
        giveWay: async () => {},
      })
      const material = await readPfx(pfx, budget).then(assertParsed, (error) => {
        if (!(error instanceof BudgetSpentError)) throw error
      })
      const bytes = [...(material?.keys ?? []), ...(material?.certificates ?? [])]
      const total = bytes.reduce((sum, der) => sum + der.length, 0)
      // The output has the key as PKCS#8, which can be a little longer than the input.
      if (total > 2 * pfx.length) throw new Error(`${total} bytes out of ${pfx.length}`)
    }),
  )
})
