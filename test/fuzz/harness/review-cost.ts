import { maxBodyBytes } from '../../../webhook/body/max-body-bytes.ts'
import { readAdmissionReview } from '../../../webhook/core/model/admission-review.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import { policy } from '../../webhook/core/policy.ts'

/** A review may take this many times the CPU time of `JSON.parse` of its body … */
const maxMultiple = 4
/**
 * … or this many times the CPU time of `JSON.parse` of the largest body that the webhook accepts, if that is more. A
 * review may be expensive for the size of its body, but a small body must not cost more than a large one does.
 */
const maxMultipleOfLargest = 3
const tries = 5

/**
 * Checks the CPU time of a review against `JSON.parse`, measured on the same machine at the same time. Each time is the
 * shortest of several tries, because other load on the machine only makes a try longer.
 *
 * @param run - reviews a parsed body
 * @throws Error if the review is too expensive
 */
export function assertCheap(object: unknown, run: (parsed: unknown) => unknown = review): void {
  const body = bodyOf(object)
  const times = { reviewMs: Infinity, parseMs: Infinity, parseLargestMs: Infinity }
  for (let i = 0; i < tries; i++) {
    const parsed: unknown = JSON.parse(body)
    times.reviewMs = Math.min(
      times.reviewMs,
      cpuMs(() => run(parsed)),
    )
    // Most reviews take less than the largest body has ever taken to parse, so that it needn't be parsed again.
    if (times.reviewMs <= leastParseLargestMs) return
    times.parseMs = Math.min(
      times.parseMs,
      cpuMs(() => JSON.parse(body)),
    )
    times.parseLargestMs = Math.min(times.parseLargestMs, parseLargest())
  }
  const { reviewMs, parseMs, parseLargestMs } = times
  if (reviewMs > Math.max(maxMultiple * parseMs, maxMultipleOfLargest * parseLargestMs))
    throw new Error(
      `a review takes ${reviewMs} ms of CPU time, JSON.parse of its body ${parseMs} ms, and of the largest body ${parseLargestMs} ms`,
    )
}

function review(parsed: unknown): void {
  const read = readAdmissionReview(parsed)
  if (read.kind === 'valid') mutate(read.value, policy)
}

const bodyOf = (object: unknown): string =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'any', kind: { group: '', kind: 'Pod' }, operation: 'CREATE', object },
  })

const containers = Array.from({ length: 27_000 }, (_, i) => ({
  name: `c${i}`,
  env: [{ name: `N${i}`, value: `v${i}` }],
  volumeMounts: [{ name: 'v', mountPath: `/m/${i}` }],
}))
const largestBody = bodyOf({ metadata: {}, spec: { containers } }).padEnd(maxBodyBytes)
if (largestBody.length > maxBodyBytes) throw new Error('larger than the webhook accepts')

let leastParseLargestMs = Infinity
function parseLargest(): number {
  const ms = cpuMs(() => JSON.parse(largestBody))
  leastParseLargestMs = Math.min(leastParseLargestMs, ms)
  return ms
}
for (let i = 0; i < tries; i++) parseLargest()

function cpuMs(run: () => unknown): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
