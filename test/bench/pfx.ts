import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { tlsFiles } from '../../keyvault/certificates/tls-files.ts'
import { readPfx } from '../../keyvault/formats/pkcs12/pfx.ts'
import { type Bench, type Figure, measureInTurns, median, milliseconds } from './bench.ts'

const folder = join(import.meta.dirname, '../fixtures/content')

/** The PKCS#12 files that Key Vault returns: its own, and imported ones. */
const files = ['chain-3des', 'chain-rc2-40', 'chain-aes-256', 'chain-ec-p256']

/**
 * Measures reading PKCS#12 without a vault, in turns with OpenSSL, which Node has but which gives the parts to nobody. Key
 * derivation, with the file's own parameters, takes most of the time of both.
 */
export const benchPfx: Bench = async ({ isSmoke }) => {
  const rounds = isSmoke ? 5 : 25
  const figures: Figure[] = []
  for (const name of files) {
    const pfx = readFileSync(join(folder, `${name}.pfx`))
    const value = pfx.toString('base64')
    const times = await measureInTurns(
      {
        openssl: () =>
          readsInOpenssl(pfx) ? timeOf(() => createSecureContext({ pfx })) : Number.NaN,
        read: () => timeOf(() => readPfx(pfx)),
        // A new object each time, because the result is cached for each object.
        files: () => timeOf(() => tlsFiles({ value, contentType: 'application/x-pkcs12' })),
      },
      rounds,
    )
    const show = (what: string, ms: number) => ({
      what: `${name}.pfx, ${what}`,
      value: `${ratioTo(median(times.openssl), ms)}  (${milliseconds(ms)})`,
    })
    figures.push(show('read', median(times.read)))
    figures.push(show('to tls.crt, tls.key and ca.crt', median(times.files)))
  }
  return figures
}

const ratioTo = (opensslMs: number, ms: number) =>
  Number.isNaN(opensslMs) ? 'OpenSSL can’t read it' : `${(ms / opensslMs).toFixed(2)} × OpenSSL`

/** Without its legacy provider, which Node leaves out, OpenSSL 3 knows no RC2. */
function readsInOpenssl(pfx: Buffer): boolean {
  try {
    createSecureContext({ pfx })
    return true
  } catch {
    return false
  }
}

async function timeOf(work: () => unknown): Promise<number> {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}
