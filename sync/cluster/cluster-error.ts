import { retryAfterMs } from '../../keyvault/clients/retry-after.ts'
import { answerOf, type FailedAnswer } from '../../kubernetes/answers.ts'
import { LargeAnswerError } from '../../kubernetes/connection.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import { printable } from '../../lib/printable.ts'
import { isObject } from '../../lib/shape.ts'
import { StaleError } from './cluster-port.ts'

/**
 * Maps the answer of the API server to a code of the error table. Messages of the API server and of admission webhooks
 * are never repeated, because they can quote the request, which contains values. Names of fields, managers and policies
 * are repeated.
 */

interface FailedRequest {
  /** Undefined if there was no answer. */
  readonly answer: FailedAnswer | undefined
  /** The object for a message, such as `Secret team-a/db`. */
  readonly what: string
}

/** For reads, and for Events. */
export function clusterError({ answer, what }: FailedRequest): AkvError {
  if (answer === undefined)
    return new AkvError('AKV_CLUSTER_UNAVAILABLE', `${what}: the API server could not be reached`)
  const { status, header } = answer
  if (status === 401 || status === 403)
    return new AkvError('AKV_CLUSTER_FORBIDDEN', `${what}: ${refusal(answer)}`, {
      retryAfterMs: undefined,
    })
  return new AkvError('AKV_CLUSTER_UNAVAILABLE', `${what}: the API server answered ${status}`, {
    retryAfterMs: retryAfterMs(header, Date.now()),
  })
}

/** For writes of a Secret. */
export function writeError(request: FailedRequest): AkvError | StaleError {
  const { answer, what } = request
  if (answer === undefined) return clusterError(request)
  const { status } = answer
  const causes = causesOf(answer)
  const conflicts = causes.filter(({ reason }) => reason === 'FieldManagerConflict')
  if (status === 409 && conflicts.length > 0) return conflictError(what, conflicts)
  const shown = causes.filter(({ field }) => field !== '')
  if (status === 422 && shown.length > 0) return invalidError(what, shown)
  // An admission webhook chooses its own status, so look for one before switching on it.
  const refuser = admissionName(answer)
  if (refuser !== undefined) return new AkvError('AKV_SECRET_REFUSED', `${what}: ${refuser}`)
  switch (status) {
    case 404:
      return isOfNamespace(answer)
        ? new AkvError('AKV_CLUSTER_FORBIDDEN', `${what}: its namespace does not exist`)
        : new StaleError(`${what} no longer exists`)
    case 409:
    // If a test of our JSON patch fails, the answer has no causes.
    case 422:
      return new StaleError(`${what} has changed`)
    case 413:
      return refusedValues(what, 'is too large for the API server')
    default:
      return clusterError(request)
  }
}

/** For a TokenRequest. */
export function tokenError({ answer, what }: FailedRequest): AkvError {
  const isTransient = answer === undefined || answer.status === 429 || answer.status >= 500
  if (isTransient) return clusterError({ answer, what })
  const reason =
    answer.status === 404
      ? 'the account does not exist'
      : answer.status === 409
        ? 'the account was deleted and created again'
        : refusal(answer)
  return new AkvError('AKV_ACCOUNT_TOKEN', `${what}: no token: ${reason}`)
}

interface Cause {
  readonly reason: string
  readonly field: string
  readonly message: string
}

/** Reads `status.details.causes`, and ignores any that don't have the API server's form. */
function causesOf({ said }: FailedAnswer): readonly Cause[] {
  const { causes } = (said['details'] ?? {}) as { causes?: unknown }
  if (!Array.isArray(causes)) return []
  return causes.map((cause: Partial<Record<keyof Cause, unknown>> | null) => ({
    reason: textOf(cause?.reason),
    field: textOf(cause?.field),
    message: textOf(cause?.message),
  }))
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The messages of three causes fit into an Event. */
const maxShown = 3

function conflictError(what: string, conflicts: readonly Cause[]): AkvError {
  const shown = conflicts.slice(0, maxShown).map(({ field, message }) => {
    const [, manager = 'somebody else'] =
      /^conflict with "((?:[^"\\]|\\.){1,128})"/.exec(message) ?? []
    return `${printable(field.replace(/^\./, ''))} belongs to "${printable(manager)}"`
  })
  return new AkvError('AKV_SECRET_CONFLICT', `${what}: ${shown.join(', ')}${andMore(conflicts)}`)
}

function invalidError(what: string, causes: readonly Cause[]): AkvError | StaleError {
  // Somebody has deleted the Secret and created it again.
  if (causes.some(({ field }) => field === 'metadata.uid'))
    return new StaleError(`${what} was replaced`)
  const shown = causes.slice(0, maxShown).map(({ field, reason }) => {
    return `${printable(field)} (${/^\w{1,60}$/.test(reason) ? reason : 'no reason given'})`
  })
  if (causes.some(({ field }) => /^data\b/.test(field)))
    return refusedValues(what, `rejected: ${shown.join(', ')}`)
  return new AkvError(
    'AKV_SECRET_REFUSED',
    `${what}: rejected: ${shown.join(', ')}${andMore(causes)}`,
  )
}

/** A value decides whether the API server refuses it. The caller knows which Secret it is. */
const refusedValues = (what: string, problem: string): AkvError =>
  new AkvError('AKV_SYNC_VALUES', what, { detail: `${what}: ${problem}` })

const isOfNamespace = ({ said }: FailedAnswer): boolean =>
  isObject(said['details']) && said['details']['kind'] === 'namespaces'

const andMore = ({ length }: readonly unknown[]) =>
  length > maxShown ? ` and ${length - maxShown} more` : ''

/** Why the API server forbade something. Contains only words that come from us or from an administrator. */
function refusal(answer: FailedAnswer): string {
  if (causesOf(answer).some(({ reason }) => reason === 'NamespaceTerminating'))
    return 'its namespace is being deleted'
  const message = textOf(answer.said['message'])
  const [, verb, resource] =
    / cannot (\w{1,20}) resource "([a-z/]{1,60})" in API group /.exec(message) ?? []
  if (verb !== undefined) return `the controller may not ${verb} ${resource} there`
  return admissionName(answer) ?? `the API server refused it (${answer.status})`
}

/** Names the admission plugin that refused the request, if one did. */
function admissionName({ said }: FailedAnswer): string | undefined {
  const message = textOf(said['message'])
  const [, webhook] = /admission webhook "([\w.-]{1,253})" denied/.exec(message) ?? []
  if (webhook !== undefined) return `the admission webhook "${webhook}" refused it`
  const [, policy] = /ValidatingAdmissionPolicy '([\w.-]{1,253})' with binding/.exec(message) ?? []
  if (policy !== undefined) return `the ValidatingAdmissionPolicy "${policy}" refused it`
  const [, quota] = /exceeded quota: ([\w.-]{1,253})/.exec(message) ?? []
  return quota === undefined ? undefined : `the quota "${quota}" is exhausted`
}

/** Awaits a request. If it fails, throws the error that `errorOf` creates from the answer. */
export async function ask<T>(
  what: string,
  request: Promise<T>,
  errorOf: typeof clusterError | typeof writeError = clusterError,
): Promise<T> {
  try {
    return await askForPage(what, request, errorOf)
  } catch (error) {
    if (!(error instanceof LargeAnswerError)) throw error
    throw new AkvError('AKV_CLUSTER_UNAVAILABLE', `${what}: larger than the controller reads`)
  }
}

/** As {@link ask}, but throws LargeAnswerError as it is: a smaller page can be asked for. */
export async function askForPage<T>(
  what: string,
  request: Promise<T>,
  errorOf: typeof clusterError | typeof writeError = clusterError,
): Promise<T> {
  try {
    return await request
  } catch (error) {
    if (error instanceof LargeAnswerError) throw error
    throw errorOf({ answer: answerOf(error), what })
  }
}
