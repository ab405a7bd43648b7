import { describeProblem, maxProblems } from '../../lib/problems/problem.ts'
import { type Denied, describeWarning, type Injected, type Outcome } from '../core/model/outcome.ts'

/** The AdmissionReview that answers a request, as the text to send. */
export function admissionResponse(uid: string, outcome: Outcome): string {
  switch (outcome.kind) {
    case 'skipped':
      return review({ uid, allowed: true })
    case 'injected':
      return injectedReview(uid, outcome)
    case 'denied':
      return review({
        uid,
        allowed: false,
        status: { code: 400, reason: 'BadRequest', message: denialMessage(outcome) },
      })
    default:
      return outcome satisfies never
  }
}

/** The answer after an internal error. It denies the pod, which would otherwise start without its secrets. */
export function failureResponse(uid: string, failureId: string): string {
  const message = `akv-injector failed with an internal error; its log has the details under ${failureId}`
  return review({
    uid,
    allowed: false,
    status: { code: 500, reason: 'InternalError', message },
  })
}

const review = (response: object): string =>
  JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response })

/** Base64 needs no escaping, so the patch isn't serialised a second time. */
function injectedReview(uid: string, { operations, warnings }: Injected): string {
  const rest = warnings.length === 0 ? {} : { warnings: warnings.map(describeWarning) }
  if (operations.length === 0) return review({ uid, allowed: true, ...rest })
  const patch = Buffer.from(JSON.stringify(operations)).toString('base64')
  const head = review({ uid, allowed: true, patchType: 'JSONPatch', patch: '', ...rest })
  return head.replace('"patch":""', () => `"patch":"${patch}"`)
}

/** A line with the number of problems, and one for each. Bounded, because annotations can hold 256 KiB of mistakes. */
function denialMessage({ problems }: Denied): string {
  const lines: string[] = []
  let length = 0
  for (const problem of problems.slice(0, maxProblems)) {
    const line = describeProblem(problem)
    length += line.length + 1
    if (length > maxMessageLength) break
    lines.push(line)
  }
  const more = problems.length - lines.length
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  return [`akv-injector: ${count}`, ...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
}

const maxMessageLength = 32 * 1024
