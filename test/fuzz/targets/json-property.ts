import {
  allProperties,
  pickProperty,
  readJsonDocument,
} from '../../../keyvault/formats/property.ts'
import { assertParsed } from '../harness/hostile.ts'

/** A property of a JSON secret: the first line is the path, the rest is the secret. */
export function fuzz(data: Buffer): void {
  const [path = '', ...lines] = data.toString().split('\n')
  const text = lines.join('\n')
  const document = assertParsed(readJsonDocument(text))
  if (document === undefined) return
  const picked = assertParsed(pickProperty(document, path))
  if ((picked?.length ?? 0) > text.length) throw new Error('the value outgrows the secret')
  assertParsed(allProperties(document))
}
