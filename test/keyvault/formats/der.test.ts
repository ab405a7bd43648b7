import t from 'tap'
import {
  integerOf,
  octetsOf,
  oidOf,
  readElement,
  readElements,
  tags,
  writeElement,
  writeInteger,
  writeOid,
} from '../../../keyvault/formats/der.ts'
import { openssl, shell } from './fixtures.ts'

const asn1parse = (der: Uint8Array): string =>
  openssl(['asn1parse', '-inform', 'DER', '-in', 'a.der'], { 'a.der': der })

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')

t.test('lengths of any size are written as openssl reads them', async (t) => {
  for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536, 70_000]) {
    const der = writeElement(tags.sequence, writeElement(tags.octetString, Buffer.alloc(length)))
    t.match(asn1parse(der), new RegExp(`l= *${length} prim: OCTET STRING`), `${length}`)
    const [inner] = readElements(readElement(der, tags.sequence, 'it').content, 'it')
    t.equal(octetsOf(inner, 'it').length, length)
  }
})

t.test('identifiers and numbers are written and read as openssl does', async (t) => {
  for (const oid of ['1.2.840.113549.1.12.10.1.2', '2.16.840.1.101.3.4.1.42', '2.999.128.16384']) {
    const judge = shell(`openssl asn1parse -genstr OID:${oid} -noout -out a.der; base64 a.der`)
    const der = writeOid(oid)
    t.equal(der.toString('base64'), judge.trim(), oid)
    t.equal(oidOf(readElement(der, tags.oid, 'it'), 'it'), oid)
  }
  for (const value of [0, 1, 127, 128, 255, 256, 2048, 32_768, 600_000, 2 ** 31 - 1]) {
    const der = writeInteger(value)
    t.match(asn1parse(der), new RegExp(`INTEGER *:${hexOf(value)}\\n`), `${value}`)
    t.equal(integerOf(readElement(der, tags.integer, 'it'), 'it'), value)
  }
})

t.test('indefinite lengths of DER end at their mark, also nested ones', async (t) => {
  const [first, second, ...more] = readElements(bytes('30803080040101000004010200000500'), 'it')
  t.equal(Buffer.from(first?.content ?? []).toString('hex'), '30800401010000040102')
  t.equal(Buffer.from(second?.raw ?? []).toString('hex'), '0500')
  t.strictSame(more, [])
  const unmarked = readElement(bytes('30800001000000'), tags.sequence, 'it')
  t.equal(Buffer.from(unmarked.content).toString('hex'), '000100', 'a mark is empty')
  const pieces = readElement(bytes('24800401610402626300 00'.replaceAll(' ', '')), 0x24, 'it')
  t.equal(octetsOf(pieces, 'it').toString(), 'abc')
})

t.test('invalid ASN.1 is reported with the place where it was expected', async (t) => {
  const wrong = [
    '30',
    '3005',
    '300201',
    '3080',
    '30800401',
    '0480',
    // A primitive can't have an indefinite length, neither up to a mark nor of 128 bytes.
    '04800000',
    `0480${'00'.repeat(128)}`,
    '30ff',
    // A length of five bytes, and a tag of more than one.
    '30850000000000',
    '3f0100',
    '30820001',
  ]
  for (const hex of wrong)
    t.throws(() => readElements(bytes(hex), 'the bag'), /^the bag is truncated or malformed$/, hex)
  t.throws(() => readElement(bytes('05000500'), tags.null, 'the bag'), /followed by something else/)
  t.throws(() => readElement(bytes(''), tags.null, 'the bag'), /the bag is truncated/)
  for (const hex of ['0200', '0201ff', '020700000000000001']) {
    const element = readElement(bytes(hex), tags.integer, 'it')
    t.throws(() => integerOf(element, 'its count'), /its count isn't a valid number/, hex)
  }
  for (const hex of ['0600', `0621${'01'.repeat(33)}`]) {
    const element = readElement(bytes(hex), tags.oid, 'it')
    t.throws(() => oidOf(element, 'its type'), /its type isn't a valid object identifier/, hex)
  }
})

function hexOf(value: number): string {
  const hex = value.toString(16).toUpperCase()
  return hex.length % 2 === 0 ? hex : `0${hex}`
}
