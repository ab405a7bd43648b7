import { readAdmissionReview } from '../../../webhook/core/admission-review.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import { policy } from '../../webhook/core/policy.ts'

/** A review may take this many times the CPU time of `JSON.parse` of its body … */
const maxMultiple = 10
/** … or this time, if that is more: a small body can have a valid list of objects, and a busy machine doubles times. */
const floorMs = 100

/**
 * Checks the cost of reviewing a body. A review that seems too expensive is repeated, and the cheapest run counts, so
 * that other load on the machine can't fail the check.
 *
 * @throws Error if every run is too expensive
 */
export function assertCheap(object: unknown): void {
  const body = JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'any', kind: { group: '', kind: 'Pod' }, operation: 'CREATE', object },
  })
  const parsed: unknown = JSON.parse(body)
  let cheapestMs = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < 5; tries++) {
    cheapestMs = Math.min(
      cheapestMs,
      cpuMs(() => review(parsed)),
    )
    if (cheapestMs <= floorMs) return
  }
  const parseMs = cpuMs(() => JSON.parse(body))
  if (cheapestMs > parseMs * maxMultiple)
    throw new Error(`a review takes ${cheapestMs} ms of CPU, and JSON.parse ${parseMs}`)
}

function review(parsed: unknown): void {
  const read = readAdmissionReview(parsed)
  if ('value' in read) mutate(read.value, policy)
}

function cpuMs(run: () => unknown): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
