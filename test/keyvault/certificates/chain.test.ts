import fc from 'fast-check'
import t from 'tap'
import { buildChain, orderChain } from '../../../keyvault/certificates/chain.ts'
import { writePem } from '../../../keyvault/formats/pem.ts'
import { createCpuBudget } from '../../../lib/cpu-budget.ts'
import { countingBudget } from '../../support/counting-budget.ts'
import { certificateDer, keyDer, openssl, shell } from '../formats/fixtures.ts'

const names = ['leaf', 'intermediate', 'root', 'unrelated', 'self-signed', 'ec-p256'] as const
const ders = new Map<string, string>(
  names.map((name) => [certificateDer(name).toString('hex'), name]),
)
const named = (certificates: readonly Uint8Array[]): string =>
  certificates.map((der) => ders.get(Buffer.from(der).toString('hex'))).join(' ')

const order = async (stored: string, ...keys: string[]): Promise<string> =>
  named(
    await orderChain({
      certificates: stored.split(' ').map(certificateDer),
      keys: keys.map(keyDer),
    }),
  )

t.test(
  'certificates come as leaf, intermediates, root, in whatever order they are stored',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(['leaf', 'intermediate', 'root'], { minLength: 3 }),
        async (stored) => {
          t.equal(await order(stored.join(' '), 'leaf'), 'leaf intermediate root')
          t.equal(await order(stored.join(' ')), 'leaf intermediate root', 'without a key')
        },
      ),
    )
  },
)

t.test('openssl verifies a chain in the order that is given', async (t) => {
  const { chain, root } = await buildChain({
    keys: [keyDer('leaf')],
    certificates: ['root', 'unrelated', 'intermediate', 'leaf'].map(certificateDer),
  })
  const pem = (part: readonly Uint8Array[]) =>
    part.map((der) => writePem({ label: 'CERTIFICATE', der })).join('')
  const verified = openssl(
    ['verify', '-no-CApath', '-CAfile', 'ca.crt', '-untrusted', 'between.crt', 'leaf.crt'],
    {
      'leaf.crt': pem(chain.slice(0, 1)),
      'between.crt': pem(chain.slice(1, -1)),
      'ca.crt': pem(root ? [root] : []),
    },
  )
  t.equal(verified.trim(), 'leaf.crt: OK')
})

t.test('the leaf is the certificate of the key, also where others are leaves', async (t) => {
  t.equal(
    await order('leaf ec-p256 root intermediate', 'ec-p256'),
    'ec-p256 intermediate root leaf',
  )
  t.equal(await order('ec-p256 root intermediate leaf', 'leaf'), 'leaf intermediate root ec-p256')
  t.equal(
    await order('leaf intermediate root ec-p256', 'ec-p384', 'ec-p256'),
    'ec-p256 intermediate root leaf',
    'first key that has one',
  )
})

t.test('without a key, the longest chain is chosen', async (t) => {
  t.equal(await order('unrelated root intermediate leaf'), 'leaf intermediate root unrelated')
  t.equal(await order('self-signed root leaf intermediate'), 'leaf intermediate root self-signed')
})

t.test('duplicates and unrelated certificates are kept, behind, as they are stored', async (t) => {
  t.equal(
    await order('root root leaf unrelated intermediate leaf intermediate', 'leaf'),
    'leaf intermediate root root unrelated leaf intermediate',
  )
  t.equal(await order('self-signed self-signed', 'self-signed'), 'self-signed self-signed')
})

t.test('certificates that can’t be ordered into a chain keep their order', async (t) => {
  for (const stored of [
    'root leaf',
    'root unrelated self-signed',
    'unrelated leaf root',
    'self-signed',
  ])
    t.equal(await order(stored), stored)
  t.equal(await order('root leaf', 'leaf'), 'leaf root', 'but a key’s certificate comes first')
  t.equal(await order('unrelated leaf', 'ec-p384'), 'unrelated leaf', 'a key of none of them')
  t.strictSame(await orderChain({ keys: [], certificates: [] }), [])
})

t.test(
  'the issuer has the name that a certificate says, also if others share its key',
  async (t) => {
    const { leaf, old, renamed, rollover } = renamedAuthority()
    const find = (...certificates: readonly Buffer[]) => buildChain({ keys: [], certificates })
    t.strictSame(await find(leaf, old, renamed), {
      chain: [leaf, renamed],
      rest: [old],
      root: renamed,
    })
    t.strictSame(await find(old, leaf, rollover), {
      chain: [leaf, rollover, old],
      rest: [],
      root: old,
    })
  },
)

t.test('authorities that have certified each other don’t make it go in circles', async (t) => {
  const certificates = crossCertified()
  t.strictSame(await orderChain({ keys: [], certificates }), certificates)
})

t.test('a certificate with an unknown kind of key doesn’t disturb the chain', async (t) => {
  const rsa = Buffer.from('06092a864886f70d010101', 'hex')
  const strange = certificateDer('leaf')
  strange[strange.indexOf(rsa) + rsa.length - 1] = 0x7f
  const certificates = [certificateDer('root'), strange, certificateDer('intermediate')]
  const ordered = ['intermediate', 'root'].map(certificateDer)
  t.strictSame(await orderChain({ keys: [keyDer('leaf')], certificates }), [...ordered, strange])
  t.strictSame(await buildChain({ keys: [keyDer('leaf')], certificates: [strange] }), {
    chain: [strange],
    rest: [],
  })
})

t.test('the root is named where there is one, and a self-signed leaf is its own', async (t) => {
  const rootOf = async (stored: string, ...keys: string[]) => {
    const certificates = stored.split(' ').map(certificateDer)
    const { root } = await buildChain({ certificates, keys: keys.map(keyDer) })
    return root && named([root])
  }
  t.equal(await rootOf('root leaf intermediate', 'leaf'), 'root')
  t.equal(await rootOf('self-signed', 'self-signed'), 'self-signed')
  t.equal(await rootOf('leaf intermediate', 'leaf'), undefined)
  t.equal(await rootOf('leaf root unrelated', 'leaf'), 'root', 'a root without the intermediate')
})

t.test('each signature that is verified is charged, and others get turns', async (t) => {
  const certificates = Array.from({ length: 50 }, () => certificateDer('intermediate'))
  let turns = 0
  const giveWay = async () => {
    turns += 1
  }
  const material = { keys: [], certificates }
  const exhausted = () => new Error('used up')
  const small = createCpuBudget({ microseconds: 10_000, exhausted, giveWay })
  await t.rejects(orderChain(material, small), { message: 'used up' })
  t.ok(turns >= 4, `${turns} turns`)
  await orderChain(material)
  await orderChain(material, createCpuBudget({ microseconds: 0, exhausted }))
})

t.test('fifty certificates of one name are compared with each other once', async (t) => {
  const certificates = Array.from({ length: 50 }, () => certificateDer('intermediate'))
  const { budget, charged } = countingBudget()
  t.equal((await orderChain({ keys: [], certificates }, budget)).length, 50)
  t.ok(charged.times <= 50 * 51 + 1, `${charged.times} charges`)
})

/** An authority that was renamed and has kept its key. `rollover`: the new name, certified by the old one */
function renamedAuthority() {
  const names = ['leaf', 'old', 'renamed', 'rollover'] as const
  const script = `
    for n in ca leaf; do openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $n.key; done
    for n in old renamed; do openssl req -x509 -new -key ca.key -subj /CN=$n -days 9 -out $n.crt; done
    openssl req -new -key ca.key -subj /CN=renamed -out rollover.csr
    openssl x509 -req -in rollover.csr -CA old.crt -CAkey ca.key -set_serial 1 -days 9 -out rollover.crt
    openssl req -new -key leaf.key -subj /CN=leaf -out leaf.csr
    openssl x509 -req -in leaf.csr -CA renamed.crt -CAkey ca.key -set_serial 2 -days 9 -out leaf.crt
    for n in ${names.join(' ')}; do openssl x509 -in $n.crt -outform DER | base64; echo ===; done`
  const ders = shell(script)
    .split('===')
    .map((text) => Buffer.from(text, 'base64'))
  return Object.fromEntries(names.map((name, index) => [name, ders[index]])) as Record<
    (typeof names)[number],
    Buffer
  >
}

/** A certified by B and B certified by A, made by openssl. */
function crossCertified(): Buffer[] {
  const script = `
    for n in a b; do openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $n.key
      openssl req -x509 -new -key $n.key -subj /CN=$n -days 9 -out $n.crt
      openssl req -new -key $n.key -subj /CN=$n -out $n.csr; done
    openssl x509 -req -in a.csr -CA b.crt -CAkey b.key -set_serial 1 -days 9 -outform DER | base64
    echo ===
    openssl x509 -req -in b.csr -CA a.crt -CAkey a.key -set_serial 2 -days 9 -outform DER | base64`
  return shell(script)
    .split('===')
    .map((text) => Buffer.from(text, 'base64'))
}
