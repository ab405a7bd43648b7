/**
 * A short mark of the text of `akv-injector.io/refresh-now`, which may be as large as all annotations of a pod. Two sums of the kind FNV-1a: a process
 * that only waits has no memory for a cryptographic hash, and whoever could make two texts collide may annotate the pod anyway.
 */
export function requestMark(text: string): string {
  let first = 0x811c9dc5
  let second = 0xc9dc5118
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    first = Math.imul(first ^ unit, 0x01000193)
    second = Math.imul(second ^ unit, 0x0100_0195)
  }
  return [first, second].map((sum) => (sum >>> 0).toString(16).padStart(8, '0')).join('')
}

export const isRequestMark = (text: string): boolean => /^[0-9a-f]{16}$/.test(text)
