import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tlsFiles } from '../../keyvault/certificates/tls-files.ts'
import { readPfx } from '../../keyvault/formats/pkcs12/pfx.ts'
import { type Bench, type Figure, milliseconds } from './bench.ts'

const folder = join(import.meta.dirname, '../fixtures/content')

/** The PKCS#12 files that Key Vault returns: its own, and imported ones. */
const files = ['chain-3des', 'chain-rc2-40', 'chain-aes-256', 'chain-ec-p256']

/** Measures reading PKCS#12 without a vault. Key derivation, with the file's own parameters, takes most of the time. */
export const benchPfx: Bench = async ({ isSmoke }) => {
  const rounds = isSmoke ? 5 : 200
  const figures: Figure[] = []
  for (const name of files) {
    const pfx = readFileSync(join(folder, `${name}.pfx`))
    const value = pfx.toString('base64')
    const measure = async (what: string, work: () => Promise<unknown>) => {
      const medianMs = await medianOf(rounds, work)
      figures.push({ what: `${name}.pfx, ${what}`, value: milliseconds(medianMs) })
    }
    await measure('read', () => readPfx(pfx))
    // A new object each time, because the result is cached for each object.
    await measure('to tls.crt, tls.key and ca.crt', () =>
      tlsFiles({ value, contentType: 'application/x-pkcs12' }),
    )
  }
  return figures
}

async function medianOf(rounds: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now()
    await work()
    times.push(performance.now() - startedAt)
  }
  return times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN
}
