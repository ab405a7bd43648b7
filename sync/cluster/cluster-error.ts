import { retryAfterMs } from '../../keyvault/clients/retry-after.ts'
import type { Answer } from '../../kubernetes/answers.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import { printable } from '../../lib/printable.ts'
import { isObject } from '../../lib/shape.ts'
import { StaleError } from './cluster-port.ts'

/**
 * From what the API server answered to a code of the error table. Its sentences are never repeated: they, and those of
 * admission webhooks, can quote what was sent, which are values. Names of fields, managers and policies are.
 */

interface FailedRequest {
  /** Undefined: there was none. */
  readonly answer: Answer | undefined
  /** As a message names it: `Secret team-a/db`. */
  readonly what: string
}

/** For what only reads, and for events. */
export function clusterError({ answer, what }: FailedRequest): AkvError {
  if (answer === undefined)
    return new AkvError({
      code: 'AKV_CLUSTER_UNAVAILABLE',
      message: `${what}: the API server could not be reached`,
    })
  const { status, header } = answer
  if (status === 401 || status === 403)
    return new AkvError({
      code: 'AKV_CLUSTER_FORBIDDEN',
      message: `${what}: ${refusal(answer)}`,
      retryAfterMs: undefined,
    })
  return new AkvError({
    code: 'AKV_CLUSTER_UNAVAILABLE',
    message: `${what}: the API server answered ${status}`,
    retryAfterMs: retryAfterMs(header, Date.now()),
  })
}

/** For what writes a Secret. */
export function writeError(request: FailedRequest): AkvError | StaleError {
  const { answer, what } = request
  if (answer === undefined) return clusterError(request)
  const { status } = answer
  const causes = causesOf(answer)
  const conflicts = causes.filter(({ reason }) => reason === 'FieldManagerConflict')
  if (status === 409 && conflicts.length > 0) return conflictError(what, conflicts)
  const told = causes.filter(({ field }) => field !== '')
  if (status === 422 && told.length > 0) return invalidError(what, told)
  // Whoever denies in an admission webhook chooses the status himself.
  const refuser = admissionName(answer)
  if (refuser !== undefined)
    return new AkvError({ code: 'AKV_SECRET_REFUSED', message: `${what}: ${refuser}` })
  switch (status) {
    case 404:
      return isOfNamespace(answer)
        ? new AkvError({
            code: 'AKV_CLUSTER_FORBIDDEN',
            message: `${what}: its namespace is not there`,
          })
        : new StaleError(`${what} is not there any more`)
    case 409:
    // A test of our JSON patch that failed is told without causes.
    case 422:
      return new StaleError(`${what} has changed`)
    case 413:
      return new AkvError({
        code: 'AKV_SECRET_TOO_LARGE',
        message: `${what} is too large to be sent`,
      })
    default:
      return clusterError(request)
  }
}

/** For a TokenRequest. */
export function tokenError({ answer, what }: FailedRequest): AkvError {
  const mayHeal = answer === undefined || answer.status === 429 || answer.status >= 500
  if (mayHeal) return clusterError({ answer, what })
  const reason =
    answer.status === 404
      ? 'there is no such account'
      : answer.status === 409
        ? 'the account was made anew meanwhile'
        : refusal(answer)
  return new AkvError({ code: 'AKV_ACCOUNT_TOKEN', message: `${what}: no token: ${reason}` })
}

interface Cause {
  readonly reason: string
  readonly field: string
  readonly message: string
}

/** `status.details.causes`, as far as they are what the API server makes. */
function causesOf({ said }: Answer): readonly Cause[] {
  const { causes } = (said['details'] ?? {}) as { causes?: unknown }
  if (!Array.isArray(causes)) return []
  return causes.map((cause: Partial<Record<keyof Cause, unknown>> | null) => ({
    reason: textOf(cause?.reason),
    field: textOf(cause?.field),
    message: textOf(cause?.message),
  }))
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** What is said of each is enough for three. */
const mostTold = 3

function conflictError(what: string, conflicts: readonly Cause[]): AkvError {
  const told = conflicts.slice(0, mostTold).map(({ field, message }) => {
    const [, manager = 'somebody else'] =
      /^conflict with "((?:[^"\\]|\\.){1,128})"/.exec(message) ?? []
    return `${printable(field.replace(/^\./, ''))} belongs to "${printable(manager)}"`
  })
  return new AkvError({
    code: 'AKV_SECRET_CONFLICT',
    message: `${what}: ${told.join(', ')}${andMore(conflicts)}`,
  })
}

function invalidError(what: string, causes: readonly Cause[]): AkvError | StaleError {
  // Somebody has made it anew meanwhile.
  if (causes.some(({ field }) => field === 'metadata.uid'))
    return new StaleError(`${what} is another`)
  const told = causes.slice(0, mostTold).map(({ field, reason }) => {
    return `${printable(field)} (${/^\w{1,60}$/.test(reason) ? reason : 'no reason given'})`
  })
  return new AkvError({
    code: 'AKV_SECRET_REFUSED',
    message: `${what}: not accepted: ${told.join(', ')}${andMore(causes)}`,
  })
}

const isOfNamespace = ({ said }: Answer): boolean =>
  isObject(said['details']) && said['details']['kind'] === 'namespaces'

const andMore = ({ length }: readonly unknown[]) =>
  length > mostTold ? ` and ${length - mostTold} more` : ''

/** Why the API server forbade something, in words that it can only have of us or of an operator. */
function refusal(answer: Answer): string {
  if (causesOf(answer).some(({ reason }) => reason === 'NamespaceTerminating'))
    return 'its namespace is going away'
  const message = textOf(answer.said['message'])
  const [, verb, resource] =
    / cannot (\w{1,20}) resource "([a-z/]{1,60})" in API group /.exec(message) ?? []
  if (verb !== undefined) return `the controller may not ${verb} ${resource} there`
  return admissionName(answer) ?? `the API server refused it (${answer.status})`
}

/** Who refused it, if it was an admission plugin. */
function admissionName({ said }: Answer): string | undefined {
  const message = textOf(said['message'])
  const [, webhook] = /admission webhook "([\w.-]{1,253})" denied/.exec(message) ?? []
  if (webhook !== undefined) return `the admission webhook "${webhook}" refused it`
  const [, policy] = /ValidatingAdmissionPolicy '([\w.-]{1,253})' with binding/.exec(message) ?? []
  if (policy !== undefined) return `the ValidatingAdmissionPolicy "${policy}" refused it`
  const [, quota] = /exceeded quota: ([\w.-]{1,253})/.exec(message) ?? []
  return quota === undefined ? undefined : `the quota "${quota}" is exhausted`
}
