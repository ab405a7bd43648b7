import { showJson } from '../../../lib/json/show-json.ts'
import { printable } from '../../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { isObject } from '../../../lib/shape.ts'

/** The members of an `admission.k8s.io/v1` AdmissionReview that we read. None is trusted: anybody in the cluster can send one. */
export interface AdmissionRequest {
  readonly uid: string
  readonly kind: string
  readonly group: string
  readonly operation: string
  readonly subResource: string
  readonly namespace: string
  readonly dryRun: boolean
  /** The object as JSON, unchecked. */
  readonly object: unknown
}

/**
 * Finds the request in a review.
 *
 * @param review - any JSON
 * @returns the request, or a sentence that says what is missing or wrong
 */
export function readAdmissionReview(review: unknown): Parsed<AdmissionRequest> {
  if (!isObject(review))
    return invalid("expected an AdmissionReview, found a value that isn't a JSON object")
  const { apiVersion, kind, request } = review
  if (kind !== 'AdmissionReview' || apiVersion !== 'admission.k8s.io/v1')
    return invalid(
      `expected kind AdmissionReview of admission.k8s.io/v1, found kind ${show(kind)} of ${show(apiVersion)}`,
    )
  if (!isObject(request)) return invalid('the AdmissionReview has no request')
  const { uid } = request
  if (typeof uid !== 'string' || uid === '' || uid.length > maxUidLength)
    return invalid('request.uid must be a string of 1 to 128 characters')
  const resource = isObject(request['kind']) ? request['kind'] : {}
  return valid({
    uid,
    kind: stringOrEmpty(resource['kind']),
    group: stringOrEmpty(resource['group']),
    operation: stringOrEmpty(request['operation']),
    subResource: stringOrEmpty(request['subResource']),
    namespace: stringOrEmpty(request['namespace']),
    dryRun: request['dryRun'] === true,
    object: request['object'],
  })
}

const maxUidLength = 128
const stringOrEmpty = (value: unknown): string => (typeof value === 'string' ? value : '')
const show = (value: unknown): string =>
  value === undefined
    ? 'nothing'
    : typeof value === 'string'
      ? `"${printable(value)}"`
      : showJson(value)
