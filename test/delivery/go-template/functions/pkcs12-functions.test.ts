import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  type Pkcs12Name,
  pkcs12Functions,
} from '../../../../delivery/go-template/functions/pkcs12-functions.ts'
import { createCpuBudget } from '../../../../lib/cpu-budget.ts'
import { fixture, fixtureText, openssl, pemBlocks } from '../../../keyvault/formats/fixtures.ts'
import { without } from '../../../support/needs/without.ts'

const call = (name: Pkcs12Name, ...args: readonly string[]): Promise<string> =>
  pkcs12Functions[name](args, { name, budget: createCpuBudget() })
const pfx = (name: string): string => fixture(`${name}.pfx`).toString('latin1')
const certificates = (...names: readonly string[]): string =>
  names.map((name) => openssl(['x509', '-in', 'crt'], { crt: fixture(`${name}.crt`) })).join('')
const pkcs8 = (name: string): string =>
  openssl(['pkcs8', '-topk8', '-nocrypt', '-in', 'key'], { key: fixture(`${name}.key`) })
const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1')
/** Go's strings have bytes. */
const bytes = (text: string): string => Buffer.from(text).toString('latin1')

t.test('pkcs12key gives the private key as PKCS#8', async (t) => {
  for (const [name, key] of [
    ['chain-aes-256', 'leaf'],
    ['chain-rc2-40', 'leaf'],
    ['chain-ec-p256', 'ec-p256'],
  ] as const)
    t.equal(await call('pkcs12key', pfx(name)), pkcs8(key), name)
})

t.test('pkcs12cert gives the chain, the leaf first', async (t) => {
  t.equal(
    await call('pkcs12cert', pfx('chain-aes-256')),
    certificates('leaf', 'intermediate', 'root'),
  )
})

t.test('what is written with a password is read with it', async (t) => {
  for (const leaf of ['leaf', 'ec-p256'])
    for (const password of ['changeit', bytes('pässwörd\n'), '']) {
      const pem = certificates(leaf, 'intermediate', 'root')
      const full = decoded(await call('fullPemToPkcs12Pass', pem, pkcs8(leaf), password))
      t.equal(await call('pkcs12keyPass', password, full), pkcs8(leaf))
      t.equal(await call('pkcs12certPass', password, full), pem)
      const alone = decoded(await call('pemToPkcs12Pass', pem, pkcs8(leaf), password))
      t.equal(await call('pkcs12certPass', password, alone), certificates(leaf))
      if (password === '') {
        t.equal(decoded(await call('fullPemToPkcs12', pem, pkcs8(leaf))), full)
        t.equal(decoded(await call('pemToPkcs12', pem, pkcs8(leaf))), alone)
      } else await t.rejects(call('pkcs12key', full), { message: /it has a password/ })
      await t.rejects(call('pkcs12keyPass', 'wrong', full), { message: /another password/ })
    }
})

t.test('openssl reads a trust store', async (t) => {
  const pem = certificates('root', 'intermediate')
  const store = decoded(await call('pemTruststoreToPKCS12Pass', pem, 'changeit'))
  const read = openssl(['pkcs12', '-in', 'a.p12', '-passin', 'pass:changeit', '-nokeys'], {
    'a.p12': Buffer.from(store, 'latin1'),
  })
  t.strictSame(pemBlocks(read), ['root.crt', 'intermediate.crt'].map(fixtureText))
  t.equal(
    await call('pkcs12cert', decoded(await call('pemTruststoreToPKCS12', pem))),
    certificates('intermediate', 'root'),
  )
})

t.test('Java trusts each certificate of a trust store', { skip: without('keytool') }, async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'a.p12')
  const pem = certificates('root', 'intermediate')
  const store = await call('pemTruststoreToPKCS12Pass', pem, 'changeit')
  writeFileSync(path, Buffer.from(store, 'base64'))
  const args = ['-list', '-keystore', path, '-storepass', 'changeit']
  const { stdout } = spawnSync('keytool', args, { encoding: 'utf8' })
  t.equal(stdout.match(/trustedCertEntry/g)?.length, 2, stdout)
})

t.test('a file or a PEM that is not what the function needs is an error', async (t) => {
  const fails = (message: RegExp, name: Pkcs12Name, ...args: readonly string[]) =>
    t.rejects(call(name, ...args), { name: 'TemplateError', message })
  await fails(/^pkcs12key: the file holds 0 private keys/, 'pkcs12key', pfx('no-key'))
  await fails(/^pkcs12key: the file holds 3 private keys/, 'pkcs12key', pfx('several-keys'))
  await fails(/^pkcs12cert: .* it has a password/, 'pkcs12cert', pfx('with-password'))
  const [crt, key] = [fixtureText('leaf.crt'), fixtureText('leaf.key')]
  await fails(/^pemToPkcs12: its PEM holds no certificate/, 'pemToPkcs12', key, key)
  await fails(/^pemToPkcs12: its PEM holds no private key/, 'pemToPkcs12', crt, crt)
  await fails(/: the PEM is truncated/, 'pemToPkcs12', crt.slice(0, 200), key)
  const other = fixtureText('ec-p256.key')
  await fails(/isn't that of the private key/, 'fullPemToPkcs12', crt, other)
  await fails(/holds no certificate/, 'pemTruststoreToPKCS12', '')
  await fails(/longer than 4096 bytes/, 'pemToPkcs12Pass', crt, key, 'p'.repeat(4097))
  t.ok(await call('pemToPkcs12Pass', crt, key, 'p'.repeat(4096)))
  for (const password of ['\xff', bytes('\u{1f511}')])
    await fails(/^pemToPkcs12Pass: the password isn't UTF-8/, 'pemToPkcs12Pass', crt, key, password)
})
