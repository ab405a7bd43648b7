import t from 'tap'
import { derivePkcs12Key, pkcs12Digests } from '../../../../keyvault/formats/pkcs12/pkcs12-key.ts'
import { createCpuBudget } from '../../../../lib/cpu-budget.ts'
import { openssl } from '../fixtures.ts'

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

t.test('key bytes are openssl’s, for each digest, purpose and length', async (t) => {
  const salt = Buffer.from('0102030405060708', 'hex')
  for (const digest of ['sha1', 'sha256', 'sha384', 'sha512'] as const)
    for (const [purpose, byteLength, iterations] of [
      [1, 24, 2048],
      [2, 8, 1],
      [3, pkcs12Digests[digest].outputBytes, 1000],
      [1, 200, 3],
    ] as const)
      for (const password of ['', 'pässword', undefined])
        t.equal(
          hexOf(
            await derivePkcs12Key({
              budget: createCpuBudget(),
              digest,
              salt,
              purpose,
              byteLength,
              iterations,
              ...(password === undefined ? {} : { password }),
            }),
          ),
          judge({ digest, salt, purpose, byteLength, iterations, password }),
          `${digest} ${purpose} ${byteLength} ${password}`,
        )
})

function judge(options: {
  readonly digest: string
  readonly salt: Buffer
  readonly purpose: number
  readonly byteLength: number
  readonly iterations: number
  readonly password: string | undefined
}): string {
  const { digest, salt, purpose, byteLength, iterations, password } = options
  // openssl wants the password as PKCS#12 has it: big-endian UTF-16, closed by a zero.
  const bmp = password === undefined ? '' : Buffer.from(`${password}\0`, 'utf16le').swap16()
  const settings = {
    digest,
    hexpass: bmp.toString('hex'),
    hexsalt: salt.toString('hex'),
    iter: iterations,
    id: purpose,
  }
  const given = Object.entries(settings).flatMap(([name, value]) => ['-kdfopt', `${name}:${value}`])
  const printed = openssl(['kdf', '-keylen', `${byteLength}`, ...given, 'PKCS12KDF'])
  return printed.trim().replaceAll(':', '').toLowerCase()
}
