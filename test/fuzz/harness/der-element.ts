import fc from 'fast-check'
import { tags, writeElement, writeInteger, writeOid } from '../../../keyvault/formats/der.ts'

/** The object identifiers in a PKCS#12 file, and an unknown one. */
const identifiers = [
  '1.2.840.113549.1.7.1',
  '1.2.840.113549.1.7.6',
  '1.2.840.113549.1.12.10.1.1',
  '1.2.840.113549.1.12.10.1.2',
  '1.2.840.113549.1.12.10.1.3',
  '1.2.840.113549.1.9.22.1',
  '1.2.840.113549.1.5.13',
  '1.2.840.113549.1.5.12',
  '1.2.840.113549.1.12.1.3',
  '1.2.840.113549.1.12.1.6',
  '2.16.840.1.101.3.4.1.42',
  '1.3.14.3.2.26',
  '1.2.3.4',
]

/** The length of an element: as in DER, indefinite as in BER, or wrong. */
const framed = fc.constantFrom('definite', 'definite', 'definite', 'indefinite', 'wrong' as const)

function frame(tag: number, how: string, content: Uint8Array): Buffer {
  if (how === 'indefinite')
    return Buffer.concat([Buffer.from([tag | 0x20, 0x80]), content, Buffer.alloc(2)])
  const element = writeElement(tag, content)
  return how === 'wrong' ? element.subarray(0, -1) : element
}

const leaf = fc.oneof(
  fc.constantFrom(...identifiers).map(writeOid),
  fc.nat(2 ** 31 - 1).map(writeInteger),
  fc.constantFrom(0, 1, 3).map(writeInteger),
  fc.uint8Array({ maxLength: 16 }).map((bytes) => writeElement(tags.octetString, bytes)),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
)

/** ASN.1 that resembles PKCS#12 and is mostly well-formed. */
export const derElement: fc.Arbitrary<Buffer> = fc.letrec<{ element: Buffer; parent: Buffer }>(
  (tie) => ({
    element: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('parent')),
    parent: fc
      .tuple(
        fc.constantFrom(
          tags.sequence,
          tags.sequence,
          tags.set,
          tags.constructedContext0,
          tags.context0,
          tags.octetString,
          tags.constructedOctetString,
        ),
        framed,
        fc.array(tie('element'), { maxLength: 4 }),
      )
      .map(([tag, how, children]) => frame(tag, how, Buffer.concat(children))),
  }),
).element
