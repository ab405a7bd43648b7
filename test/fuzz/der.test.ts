import fc from 'fast-check'
import t from 'tap'
import {
  childrenOf,
  integerOf,
  octetsOf,
  oidOf,
  readElement,
  readElements,
  tags,
  UnreadableError,
} from '../../keyvault/formats/der.ts'
import { fixture } from '../keyvault/formats/fixtures.ts'
import { derElement } from './harness/der-element.ts'
import { fuzz } from './harness/fuzz.ts'
import { mutated } from './harness/hostile.ts'

const samples = ['chain-bare.pfx', 'chain-aes-256.pfx', 'chain-rc2-everywhere.pfx'].map(fixture)
const anyBytes = fc.oneof(
  mutated(samples),
  fc.uint8Array({ maxLength: 64 }),
  fc.array(derElement, { maxLength: 3 }).map((elements) => Buffer.concat(elements)),
)

t.test('DER gives its elements or the one error that it has', async (t) => {
  await fuzz(
    t,
    fc.property(anyBytes, (bytes) => {
      const elements = orUnreadable(() => readElements(bytes, 'it'))
      if (elements !== undefined) {
        const whole = Buffer.concat(elements.map(({ raw }) => raw))
        if (!whole.equals(bytes)) throw new Error('elements do not add up to the input')
        if (elements.some(({ raw, content }) => content.length > raw.length - 2))
          throw new Error('a content is longer than its element')
      }
      for (const element of [undefined, ...(elements ?? [])]) {
        orUnreadable(() => childrenOf(element, 'it'))
        orUnreadable(() => integerOf(element, 'it'))
        orUnreadable(() => oidOf(element, 'it'))
        const octets = orUnreadable(() => octetsOf(element, 'it'))
        if ((octets?.length ?? 0) > bytes.length) throw new Error('octets from nowhere')
      }
      orUnreadable(() => readElement(bytes, tags.sequence, 'it'))
    }),
  )
})

function orUnreadable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof UnreadableError) return undefined
    throw error
  }
}
