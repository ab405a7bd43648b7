import { createCpuBudget } from '../../lib/cpu-budget.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { readKeyMaterial, writePem } from '../formats/pem.ts'

/** A key of a `kubernetes.io/tls` Secret, and the part of a file that it holds. */
type TlsPart = 'tls.crt' | 'tls.key'

/** In microseconds per character: the keys and certificates are parsed and checked. */
const readCost = 0.5

/**
 * Picks the part of a PEM file that the CSI driver would write to a key of a `kubernetes.io/tls` Secret: all certificates
 * in their order, or the first private key. The key is PKCS#8; the driver writes PKCS#1 or SEC1.
 */
export function tlsPart(pem: string, part: TlsPart, budget = createCpuBudget()): Parsed<string> {
  budget.charge(pem.length * readCost)
  const material = readKeyMaterial(pem)
  if (material.kind === 'invalid') return material
  const { keys, certificates } = material.value
  if (part === 'tls.crt')
    return certificates.length === 0
      ? invalid('the value has no certificate in PEM')
      : valid(certificates.map((der) => writePem({ label: 'CERTIFICATE', der })).join(''))
  const [key] = keys
  return key === undefined
    ? invalid('the value has no private key in PEM')
    : valid(writePem({ label: 'PRIVATE KEY', der: key }))
}
