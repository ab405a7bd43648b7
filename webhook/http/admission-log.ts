import type { FastifyBaseLogger } from 'fastify'
import type { LeftOut } from '../../lib/log/limit-lines.ts'
import { printable } from '../../lib/printable.ts'
import { describeField } from '../../lib/problems/problem.ts'
import { objectAt } from '../../lib/shape.ts'
import type { AdmissionRequest } from '../core/model/admission-review.ts'
import type { AdmissionAnswer } from './answer-request.ts'

interface LoggedAdmission {
  readonly request: AdmissionRequest
  /** The names of the SecretProviderClasses that were looked up. */
  readonly classes: readonly string[]
  readonly outcome: AdmissionAnswer['outcome']
  readonly durationMs: number
  readonly leftOut: LeftOut
}

/** Logs one line for each admission. It names the annotations with problems, but never their values. */
export function logAdmission(
  log: FastifyBaseLogger,
  { request, classes, outcome, durationMs, leftOut }: LoggedAdmission,
): void {
  const line = {
    outcome: outcome.kind,
    uid: printable(request.uid, maxNameLength),
    namespace: printable(request.namespace, maxNameLength),
    pod: podName(request.object),
    dryRun: request.dryRun,
    ...(classes.length > 0 && { classes }),
    durationMs: Math.round(durationMs * 1000) / 1000,
    ...leftOut,
  }
  switch (outcome.kind) {
    case 'injected': {
      const { operations, defaults } = outcome
      const used = defaults && { defaults: Object.keys(defaults) }
      log.info({ ...line, operations: operations.length, ...used }, 'injected')
      break
    }
    case 'skipped':
      log.info({ ...line, reason: outcome.reason }, 'skipped')
      break
    case 'denied': {
      const { problems } = outcome
      const fields = problems.slice(0, maxSubjects).map(describeField)
      const subjects = fields.map((field) => printable(field))
      log.warn({ ...line, problems: problems.length, subjects }, 'denied')
      break
    }
    case 'failed':
      log.error(
        { ...line, failureId: outcome.id, err: outcome.error },
        'internal error, pod denied',
      )
      break
    default:
      outcome satisfies never
  }
}

/** A pod may have a name, only the beginning of a generated one, or neither. The API server hasn't checked them yet. */
function podName(object: unknown): string | undefined {
  const { name, generateName } = objectAt(object, 'metadata')
  const found = [name, generateName].find((text) => typeof text === 'string' && text !== '')
  return typeof found === 'string' ? printable(found, maxNameLength) : undefined
}

const maxNameLength = 253
const maxSubjects = 20
