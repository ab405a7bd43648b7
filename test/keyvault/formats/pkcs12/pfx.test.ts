import fc from 'fast-check'
import t from 'tap'
import { buildPfx } from '../../../../keyvault/formats/pkcs12/build-pfx.ts'
import { readPfx } from '../../../../keyvault/formats/pkcs12/pfx.ts'
import { createCpuBudget } from '../../../../lib/cpu-budget.ts'
import { countingBudget } from '../../../support/counting-budget.ts'
import { numRuns } from '../../../support/property-runs.ts'
import { certificateDer, fixture, keyDer, openssl, parsedValue, pemBlocks } from '../fixtures.ts'

const chain = ['leaf', 'root', 'intermediate'].map(certificateDer)

const hex = (ders: readonly Uint8Array[]): string[] =>
  ders.map((der) => Buffer.from(der).toString('hex'))

t.test(
  'every cipher and MAC that tools write is read, keys and certificates as they were put in',
  async (t) => {
    const names = [
      'chain-rc2-40',
      'chain-rc2-everywhere',
      'chain-3des',
      'chain-3des-2key',
      'chain-aes-256',
      'chain-aes-128-sha512',
      'chain-3des-pbes2',
      'chain-no-mac',
      'chain-3des-no-mac',
      'chain-not-encrypted',
      'chain-attributes',
      'chain-100000-rounds',
    ]
    for (const name of names) {
      const { keys, certificates } = parsedValue(await readPfx(fixture(`${name}.pfx`)))
      t.strictSame(hex(keys), hex([keyDer('leaf')]), `${name}: key`)
      t.strictSame(hex(certificates), hex(chain), `${name}: certificates`)
    }
  },
)

t.test('keys on the curves that Key Vault has are read', async (t) => {
  for (const name of ['ec-p256', 'ec-p384', 'ec-p521']) {
    const { keys, certificates } = parsedValue(await readPfx(fixture(`chain-${name}.pfx`)))
    t.strictSame(hex(keys), hex([keyDer(name)]), name)
    t.strictSame(hex(certificates), hex([certificateDer(name), ...chain.slice(1)]), name)
  }
})

t.test('a PFX without a password reads like one with an empty password', async (t) => {
  const { keys, certificates } = parsedValue(await readPfx(fixture('null-password.pfx')))
  t.strictSame(hex(keys), hex([keyDer('leaf')]))
  t.strictSame(hex(certificates), hex([certificateDer('leaf')]))
})

t.test('a PFX without keys or with several keys is read as it is stored', async (t) => {
  const without = parsedValue(await readPfx(fixture('no-key.pfx')))
  t.strictSame(without.keys, [])
  t.strictSame(hex(without.certificates), hex(chain))

  const names = ['leaf', 'ec-p256', 'ec-p384']
  const several = parsedValue(await readPfx(fixture('several-keys.pfx')))
  t.strictSame(hex(several.keys), hex(names.map(keyDer)))
  t.strictSame(hex(several.certificates), hex(names.map(certificateDer)))
})

t.test('BER with indefinite lengths, as NSS and BouncyCastle write it, is read', async (t) => {
  const ber = outerLengthsIndefinite(fixture('chain-aes-256.pfx'))
  const judge = openssl(['pkcs12', '-in', 'ber.pfx', '-passin', 'pass:', '-nokeys'], {
    'ber.pfx': ber,
  })
  t.equal(pemBlocks(judge).length, 3, 'openssl reads it')
  t.strictSame(hex(parsedValue(await readPfx(ber)).certificates), hex(chain))
})

t.test('a file with a password is refused in a sentence', async (t) => {
  t.match(await readPfx(fixture('with-password.pfx')), {
    problem:
      /^the PFX \(PKCS#12\) can't be read: it has a password, or it is damaged; accepted: an empty/,
  })
})

t.test('a count bomb is refused before anything is derived', async (t) => {
  const names = ['chain-3des', 'chain-aes-256', 'chain-rc2-40', 'chain-3des-no-mac', 'chain-no-mac']
  for (const name of names)
    for (const count of [0x7fffffff, 600_001, 0]) {
      const bomb = withCounts(fixture(`${name}.pfx`), count)
      const { budget, charged } = countingBudget()
      t.match(await readPfx(bomb, budget), {
        problem: new RegExp(`requires ${count} rounds of key derivation; accepted: 1 to 600000`),
      })
      t.ok(charged.microseconds < 10_000, `${name}, ${count}: ${charged.microseconds} µs`)
    }
  const negative = withCounts(fixture('chain-3des.pfx'), -1)
  t.match(await readPfx(negative), { problem: /count of rounds isn't a valid number/ })
})

t.test('many parts that are each within bounds are not within bounds together', async (t) => {
  const costly = withCounts(fixture('several-keys.pfx'), 590_000)
  const { budget, charged } = countingBudget()
  t.match(await readPfx(costly, budget), { problem: /its parts together require more rounds/ })
  t.ok(charged.microseconds <= 900_000, `it gives up after ${charged.microseconds} µs`)
})

t.test('key derivation is charged before it begins, by what the digest costs', async (t) => {
  const costOf = async (name: string) => {
    const { budget, charged } = countingBudget()
    parsedValue(await readPfx(fixture(`${name}.pfx`), budget))
    return charged.microseconds
  }
  t.ok((await costOf('chain-aes-128-sha512')) > (await costOf('chain-aes-256')))
  t.ok((await costOf('chain-100000-rounds')) > 100_000)

  const exhausted = () => new Error('used up')
  const small = createCpuBudget({ microseconds: 100_000, exhausted })
  await t.rejects(readPfx(fixture('chain-100000-rounds.pfx'), small), { message: 'used up' })
})

t.test('writing is charged as much as reading the result', async (t) => {
  const writing = countingBudget()
  const material = { keys: [keyDer('leaf')], certificates: chain }
  const bytes = await buildPfx(material, { budget: writing.budget })
  const reading = countingBudget()
  parsedValue(await readPfx(bytes, reading.budget))
  const ratio = writing.charged.microseconds / reading.charged.microseconds
  t.ok(ratio > 0.8 && ratio < 1.25, `${ratio} times as much`)
})

t.test('while a key is derived, everything else gets turns', async (t) => {
  let turns = 0
  const giveWay = async () => {
    turns += 1
  }
  parsedValue(await readPfx(fixture('chain-100000-rounds.pfx'), createCpuBudget({ giveWay })))
  t.ok(turns >= 499, `${turns} turns`)
})

t.test('garbage, nesting and truncation give a sentence', async (t) => {
  const whole = fixture('chain-aes-256.pfx')
  const hostile: Record<string, Uint8Array> = {
    empty: Buffer.alloc(0),
    text: Buffer.from('-----BEGIN CERTIFICATE-----'),
    zeros: Buffer.alloc(1000),
    'nested sequences': nested(0x30, 20_000),
    'nested indefinite lengths': Buffer.alloc(200_000, Buffer.from('3080', 'hex')),
    'nested indefinite octet strings': Buffer.alloc(200_000, Buffer.from('2480', 'hex')),
    'a length beyond the end': Buffer.from('3084ffffffff', 'hex'),
    'a length of many bytes': Buffer.from(`30ff${'01'.repeat(127)}`, 'hex'),
    'a long tag': Buffer.from('3f8181810100', 'hex'),
    'too large': Buffer.alloc(300 * 1024, 0x30),
    'followed by more': Buffer.concat([whole, Buffer.from('0500', 'hex')]),
  }
  for (const [name, bytes] of Object.entries(hostile))
    t.match(await readPfx(bytes), { problem: /^the PFX \(PKCS#12\) can't be read: / }, name)
  for (let length = 0; length < whole.length; length += 37)
    t.match(
      await readPfx(whole.subarray(0, length)),
      { problem: /can't be read/ },
      `first ${length}`,
    )
})

t.test('a PFX with any change is read or refused, and never hangs', async (t) => {
  const files = [
    'chain-bare',
    'chain-3des-no-mac',
    'chain-rc2-40',
    'null-password',
    'chain-ec-p256',
  ].map((name) => fixture(`${name}.pfx`))
  let dearest = 0
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.array(fc.tuple(fc.nat(4000), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
        maxLength: 4,
      }),
      async (file, changes) => {
        const bytes = Buffer.from(file)
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        const { budget, charged } = countingBudget()
        const result = await readPfx(bytes, budget)
        dearest = Math.max(dearest, charged.microseconds)
        return result.kind === 'valid' || /can't be read: /.test(result.problem)
      },
    ),
    { numRuns },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      async (bytes) => (await readPfx(bytes)).kind === 'invalid',
    ),
    { numRuns },
  )
  t.ok(dearest <= 900_000, `dearest: ${dearest} µs`)
})

/** Every count of 2,048 rounds that isn't itself encrypted becomes another number. */
function withCounts(pfx: Buffer, count: number): Buffer {
  return rewrite(pfx, (tag, content) =>
    tag === 0x02 && content.equals(Buffer.from('0800', 'hex')) ? integer(count) : content,
  )
}

function integer(count: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(count)
  return bytes
}

/** Rebuilds DER, octet strings that hold DER included, with the content of primitive elements changed. */
function rewrite(der: Buffer, change: (tag: number, content: Buffer) => Buffer): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < der.length; ) {
    const { tag, start, end } = elementAt(der, at)
    const content = der.subarray(start, end)
    const isNested = (tag & 0x20) !== 0 || (tag === 0x04 && content[0] === 0x30)
    let inner: Buffer
    try {
      inner = isNested ? rewrite(content, change) : change(tag, content)
    } catch {
      inner = content
    }
    pieces.push(Buffer.from([tag, 0x82, inner.length >> 8, inner.length & 0xff]), inner)
    at = end
  }
  return Buffer.concat(pieces)
}

function elementAt(der: Buffer, at: number): { tag: number; start: number; end: number } {
  const first = der.readUInt8(at + 1)
  const size = first < 0x80 ? 0 : first & 0x7f
  const start = at + 2 + size
  const length = size === 0 ? first : der.readUIntBE(at + 2, size)
  if (start + length > der.length) throw new RangeError('no DER')
  return { tag: der.readUInt8(at), start, end: start + length }
}

/** The file, its authSafe and the `[0]` in that get indefinite lengths, and the octet string comes in two pieces. */
function outerLengthsIndefinite(pfx: Buffer): Buffer {
  const file = elementAt(pfx, 0)
  const version = elementAt(pfx, file.start)
  const authSafe = elementAt(pfx, version.end)
  const oid = elementAt(pfx, authSafe.start)
  const explicit = elementAt(pfx, oid.end)
  const octets = elementAt(pfx, explicit.start)
  const content = pfx.subarray(octets.start, octets.end)
  const piece = (bytes: Buffer) =>
    Buffer.concat([Buffer.from([0x04, 0x82, bytes.length >> 8, bytes.length & 0xff]), bytes])
  const indefinite = (tag: number, ...contents: Buffer[]) =>
    Buffer.concat([Buffer.from([tag, 0x80]), ...contents, Buffer.alloc(2)])
  return indefinite(
    0x30,
    pfx.subarray(file.start, version.end),
    indefinite(
      0x30,
      pfx.subarray(authSafe.start, oid.end),
      indefinite(
        0xa0,
        indefinite(0x24, piece(content.subarray(0, 1000)), piece(content.subarray(1000))),
      ),
    ),
    pfx.subarray(authSafe.end),
  )
}

function nested(tag: number, depth: number): Buffer {
  const headers: Buffer[] = []
  let length = 0
  for (let i = 0; i < depth; i++) {
    const header = Buffer.from([tag, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff])
    headers.push(header)
    length += header.length
  }
  return Buffer.concat(headers.reverse())
}
