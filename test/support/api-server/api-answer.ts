import type { FieldConflict } from './managed-fields.ts'

/** An answer of the API server: a status code, and an object or a Status. A string is sent as it is. */
export type ApiAnswer = readonly [number, object | string]

/** Begins an answer, and breaks the connection. */
export const brokenAnswer: ApiAnswer = [0, '{"items":[']

interface StatusCause {
  readonly reason: string
  readonly field: string
  readonly message?: string
}

/** An answer that says why a request failed. */
export const failure = (code: number, reason: string, message = reason): ApiAnswer => [
  code,
  status({ code, reason, message }),
]

/** An answer that says which fields of an object are invalid. Its message may quote the request, as the real one's does. */
export function invalidFields(causes: readonly StatusCause[]): ApiAnswer {
  const message = `is invalid: ${causes.map(({ message, field }) => message ?? field)}`
  return [422, { ...status({ code: 422, reason: 'Invalid', message }), details: { causes } }]
}

/** An answer that says which fields of an apply belong to other managers. */
export function applyConflict(conflicts: readonly FieldConflict[]): ApiAnswer {
  const causes = conflicts.map(({ manager, field }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with "${manager}" using v1`,
    field,
  }))
  const message = 'Apply failed'
  return [409, { ...status({ code: 409, reason: 'Conflict', message }), details: { causes } }]
}

const status = (parts: { code: number; reason: string; message: string }) => ({
  apiVersion: 'v1',
  kind: 'Status',
  metadata: {},
  status: 'Failure',
  ...parts,
})
