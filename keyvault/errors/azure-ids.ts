import type { AzureIds } from '../../lib/errors/akv-error.ts'
import { valueAt, withoutAbsent } from '../../lib/shape.ts'
import type { FailedRequest } from '../clients/request-guard.ts'

type Refusal = Extract<FailedRequest, { readonly kind: 'status' }>

/** What a vault and its diagnostic log call a failed request: `x-ms-request-id`, and the ID that we sent. */
export const vaultIds = ({ requestId, clientRequestId }: Refusal): AzureIds =>
  withoutAbsent({ requestId: uuid(requestId), clientRequestId: uuid(clientRequestId) })

/** What Entra calls a failed sign-in, by the members of its answer that its support asks for. */
export const entraIds = (answer: unknown): AzureIds =>
  withoutAbsent({
    traceId: uuid(valueAt(answer, 'trace_id')),
    correlationId: uuid(valueAt(answer, 'correlation_id')),
    timestamp: timestamp(valueAt(answer, 'timestamp')),
  })

/** A host decides what these are. Text of any other form could be a token, or make a line look like another. */
const matched =
  (pattern: RegExp) =>
  (value: unknown): string | undefined =>
    typeof value === 'string' && pattern.test(value) ? value : undefined

const uuid = matched(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i)
/** Entra writes `2026-12-01 14:00:00Z`. */
const timestamp = matched(/^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\dZ$/)
