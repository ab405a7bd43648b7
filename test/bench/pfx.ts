import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readPfx } from '../../keyvault/content/pfx.ts'
import { tlsFiles } from '../../keyvault/content/tls-files.ts'
import { type Bench, milliseconds } from './bench.ts'

const folder = join(import.meta.dirname, '../fixtures/content')

/** The forms that Key Vault hands out: its own, and what people import. */
const files = ['chain-3des', 'chain-rc2-40', 'chain-aes-256', 'chain-ec-p256']

/** PKCS#12 in this process, without the vault: most of it is key derivation, which the file itself asks for. */
export const benchPfx: Bench = async ({ isSmoke }) => {
  const rounds = isSmoke ? 5 : 200
  return files.flatMap((name) => {
    const pfx = readFileSync(join(folder, `${name}.pfx`))
    const value = pfx.toString('base64')
    const figure = (what: string, work: () => unknown) => ({
      what: `${name}.pfx, ${what}`,
      value: milliseconds(medianMs(rounds, work)),
    })
    return [
      figure('read', () => readPfx(pfx)),
      // A new object each time: what was read of the same one is remembered.
      figure('to tls.crt, tls.key and ca.crt', () =>
        tlsFiles({ value, contentType: 'application/x-pkcs12' }),
      ),
    ]
  })
}

function medianMs(rounds: number, work: () => unknown): number {
  const times = Array.from({ length: rounds }, () => {
    const startedAt = performance.now()
    work()
    return performance.now() - startedAt
  })
  return times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN
}
