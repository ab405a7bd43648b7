import { childrenOf, readElements, UnreadableError } from '../../../keyvault/formats/der.ts'

/** The bytes of certificates and keys. */
export function fuzz(data: Buffer): void {
  try {
    const elements = readElements(data, 'it')
    if (!Buffer.concat(elements.map(({ raw }) => raw)).equals(data))
      throw new Error('the elements do not add up to the input')
    for (const element of elements) childrenOf(element, 'it')
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error
  }
}
