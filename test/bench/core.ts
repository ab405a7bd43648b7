import { type AdmissionRequest, readAdmissionReview } from '../../webhook/core/admission-review.ts'
import { mutate } from '../../webhook/core/mutate.ts'
import { admissionResponse } from '../../webhook/http/admission-response.ts'
import { exampleReview } from '../webhook/http/review.ts'
import { testSettings } from '../webhook/http/test-settings.ts'
import { type Bench, perSecond } from './bench.ts'

/** Measures how many 4 KB pods the core reviews per second, with and without parsing and serialising. */
export const benchCore: Bench = async ({ isSmoke }) => {
  const durationMs = isSmoke ? 200 : 2_000
  const { policy } = testSettings('unused')
  const text = JSON.stringify(exampleReview())
  const request = requestOf(text)
  return [
    { what: 'mutations', value: perSecond(rate(() => mutate(request, policy), durationMs)) },
    {
      what: 'parse, mutate, serialise',
      value: perSecond(
        rate(() => admissionResponse('uid', mutate(requestOf(text), policy)), durationMs),
      ),
    },
  ]
}

function requestOf(text: string): AdmissionRequest {
  const read = readAdmissionReview(JSON.parse(text))
  if (read.kind === 'invalid') throw new Error(read.problem)
  return read.value
}

/** Warms up for a tenth of the time, so that it measures compiled code. */
function rate(run: () => unknown, durationMs: number): number {
  countFor(run, durationMs / 10)
  return countFor(run, durationMs) / (durationMs / 1000)
}

function countFor(run: () => unknown, durationMs: number): number {
  const endMs = performance.now() + durationMs
  let count = 0
  for (; performance.now() < endMs; count++) run()
  return count
}
