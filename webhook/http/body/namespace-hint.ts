/**
 * The namespace that a review names, read from its first bytes, so that namespaces can take turns before anything is parsed. An
 * API server writes it before the pod, and without spaces. Anybody else can write anything, so it must not decide more than the
 * order of reviews from one address.
 *
 * @returns '' if it isn't there
 */
export function namespaceHint(body: Buffer): string {
  const head = body.subarray(0, headBytes)
  const nameAt = head.indexOf(member)
  if (nameAt < 0) return ''
  const startAt = nameAt + member.length
  const endAt = head.indexOf('"', startAt)
  return endAt < 0 || endAt - startAt > mostCharacters
    ? ''
    : head.toString('latin1', startAt, endAt)
}

const member = '"namespace":"'
/** What comes before: IDs and types, and the name of the pod, of 253 characters at most. */
const headBytes = 2_048
/** Of a DNS label (RFC 1123). */
const mostCharacters = 63
