import { readKeyMaterial, readPem } from '../../../keyvault/formats/pem.ts'
import { assertParsed } from '../harness/hostile.ts'

/** PEM files. */
export function fuzz(data: Buffer): void {
  const text = data.toString()
  assertParsed(readPem(text))
  assertParsed(readKeyMaterial(text))
}
