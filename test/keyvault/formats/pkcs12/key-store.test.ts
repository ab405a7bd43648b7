import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildPfx } from '../../../../keyvault/formats/pkcs12/build-pfx.ts'
import { readPfx } from '../../../../keyvault/formats/pkcs12/pfx.ts'
import { without } from '../../../support/needs/without.ts'
import {
  certificateDer,
  fixtureText,
  keyDer,
  openssl,
  parsedValue,
  pemBlocks,
} from '../fixtures.ts'

const store = (leaf: string, password: string) =>
  buildPfx(
    { keys: [keyDer(leaf)], certificates: [leaf, 'intermediate', 'root'].map(certificateDer) },
    { password },
  )

/** The last one is as long as openssl reads from a file. */
const asciiPasswords = ['changeit', 'x', ' a"b\'c$d\\e^ ', 'p'.repeat(1023)]

for (const leaf of ['leaf', 'ec-p256'])
  t.test(`openssl opens a key store of ${leaf} with its password, and with no other`, async (t) => {
    for (const password of [...asciiPasswords, 'pässwörd', '密码']) {
      const files = { 'a.p12': await store(leaf, password), right: `${password}\n`, wrong: 'other' }
      const read = (file: string) =>
        openssl(['pkcs12', '-in', 'a.p12', '-passin', `file:${file}`, '-nodes'], files)
      t.strictSame(
        pemBlocks(read('right')),
        [`${leaf}.crt`, 'intermediate.crt', 'root.crt', `${leaf}.key`].map(fixtureText),
        password,
      )
      t.throws(() => read('wrong'), /invalid password/)
    }
  })

t.test(
  'Java opens a key store with its password, and with no other',
  { skip: without('keytool') },
  async (t) => {
    const folder = t.testdir()
    const path = join(folder, 'a.p12')
    const keytool = (password: string, ...args: readonly string[]) => {
      writeFileSync(join(folder, 'password'), password)
      const opened = ['-keystore', path, '-storepass:file', join(folder, 'password')]
      return spawnSync('keytool', [...args, ...opened], { encoding: 'utf8' }).stdout
    }
    for (const leaf of ['leaf', 'ec-p256']) {
      const [password = ''] = asciiPasswords
      writeFileSync(path, await store(leaf, password))
      t.match(keytool(`${password}\n`, '-list'), /PrivateKeyEntry/, leaf)
      // It takes the private key out, too, so that the key's own encryption is read.
      t.match(keytool(password, '-certreq', '-alias', '1'), /BEGIN NEW CERTIFICATE REQUEST/)
      t.match(keytool('another', '-list'), /password was incorrect/)
    }
  },
)

t.test('our own reader opens it with its password, and with no other', async (t) => {
  for (const password of [...asciiPasswords, 'pässwörd']) {
    const bytes = await store('leaf', password)
    const read = parsedValue(await readPfx(bytes, undefined, password))
    t.strictSame(read.keys.map(Buffer.from), [keyDer('leaf')])
    t.equal(read.certificates.length, 3)
    for (const other of ['', `${password}x`]) {
      const { problem = '' } = { problem: '', ...(await readPfx(bytes, undefined, other)) }
      t.match(problem, /password, or it is damaged/)
    }
  }
})

t.test('the bytes depend on the password, but the salts don’t', async (t) => {
  const [one, same, another] = [
    await store('leaf', 'one'),
    await store('leaf', 'one'),
    await store('leaf', 'two'),
  ]
  t.strictSame(one, same)
  t.not(Buffer.compare(one, another), 0)
  // The salt of the MAC and the count of rounds are at the end.
  t.strictSame(one.slice(-22), another.slice(-22))
})
