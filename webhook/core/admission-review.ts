import type { Parsed } from '../../lib/parsed.ts'
import { printable } from '../../lib/printable.ts'
import { isObject } from '../../lib/shape.ts'
import { showJson } from '../../lib/show-json.ts'

/** What is read of an `admission.k8s.io/v1` AdmissionReview. Nothing in it is trusted: anybody in the cluster can send one. */
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
 * @returns the request, or a sentence that says what an AdmissionReview has and this has not
 */
export function readAdmissionReview(review: unknown): Parsed<AdmissionRequest> {
  if (!isObject(review)) return { problem: 'expected an AdmissionReview, found no JSON object' }
  const { apiVersion, kind, request } = review
  if (kind !== 'AdmissionReview' || apiVersion !== 'admission.k8s.io/v1')
    return {
      problem: `expected kind AdmissionReview of admission.k8s.io/v1, found kind ${show(kind)} of ${show(apiVersion)}`,
    }
  if (!isObject(request)) return { problem: 'the AdmissionReview has no request' }
  const { uid } = request
  if (typeof uid !== 'string' || uid === '' || uid.length > maxUidLength)
    return { problem: 'request.uid is missing, or no text of 1 to 128 characters' }
  const resource = isObject(request['kind']) ? request['kind'] : {}
  return {
    value: {
      uid,
      kind: textOf(resource['kind']),
      group: textOf(resource['group']),
      operation: textOf(request['operation']),
      subResource: textOf(request['subResource']),
      namespace: textOf(request['namespace']),
      dryRun: request['dryRun'] === true,
      object: request['object'],
    },
  }
}

const maxUidLength = 128
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const show = (value: unknown): string =>
  value === undefined
    ? 'nothing'
    : typeof value === 'string'
      ? `"${printable(value)}"`
      : showJson(value)
