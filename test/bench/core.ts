import {
  type AdmissionRequest,
  readAdmissionReview,
} from '../../webhook/core/model/admission-review.ts'
import { mutate } from '../../webhook/core/mutate.ts'
import { admissionResponse } from '../../webhook/http/admission-response.ts'
import { testSettings } from '../webhook/http/test-settings.ts'
import { type Bench, measureInTurns, median, perSecond } from './bench.ts'
import { variedReviews } from './varied-reviews.ts'

const rounds = 9

/** Measures how many varied pods the core reviews in a second of CPU time, in turns with parsing them. */
export const benchCore: Bench = async ({ isSmoke }) => {
  const durationMs = isSmoke ? 200 : 2_000
  const { policy } = testSettings('unused')
  const texts = variedReviews(200)
  const requests = texts.map(requestOf)
  const works = {
    parse: texts.map((text) => () => JSON.parse(text)),
    mutate: requests.map((request) => () => mutate(request, policy)),
    all: texts.map((text) => () => admissionResponse('uid', mutate(requestOf(text), policy))),
  }
  const refused = requests.find((request) => mutate(request, policy).kind !== 'injected')
  if (refused) throw new Error(`not injected: ${JSON.stringify(mutate(refused, policy))}`)

  const rates = await measureInTurns(
    {
      parse: () => rate(works.parse, durationMs / rounds),
      mutate: () => rate(works.mutate, durationMs / rounds),
      all: () => rate(works.all, durationMs / rounds),
    },
    rounds,
  )
  const show = (what: string, key: 'mutate' | 'all') => {
    const ratio = median(rates.parse.map((parse, turn) => parse / (rates[key][turn] ?? Number.NaN)))
    const value = `${ratio.toFixed(2)} × JSON.parse of the review  (${perSecond(median(rates[key]))})`
    return { what, value, ratios: { CPU: ratio } }
  }
  return [show('mutations', 'mutate'), show('parse, mutate, serialise', 'all')]
}

function requestOf(text: string): AdmissionRequest {
  const read = readAdmissionReview(JSON.parse(text))
  if (read.kind === 'invalid') throw new Error(read.problem)
  return read.value
}

/** How often the works run in a second of CPU time, which differs less on a busy machine. Runs all of them at least twice. */
function rate(works: readonly (() => unknown)[], durationMs: number): number {
  for (const work of works) work()
  const endMs = performance.now() + durationMs
  const before = process.cpuUsage()
  let count = 0
  do {
    for (const work of works) work()
    count += works.length
  } while (performance.now() < endMs)
  const { user, system } = process.cpuUsage(before)
  return count / ((user + system) / 1e6)
}
