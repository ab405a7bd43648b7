/** An API server accepts objects of less than half this size. */
const maxSize = 4 * 1024 * 1024
const maxDepth = 100

/**
 * Whether plain data is as small as an object of Kubernetes can be. Aliases of YAML may repeat data many times, or refer to
 * what they are in, and such data can't be written as JSON.
 */
export const isBounded = (data: unknown): boolean => remaining(data, maxSize, maxDepth) >= 0

/** Returns how much may follow, or less than zero. */
function remaining(data: unknown, size: number, depth: number): number {
  if (typeof data === 'string') return size - data.length
  if (typeof data !== 'object' || data === null) return size - 1
  if (depth === 0) return -1
  let left = size - 1
  for (const [key, value] of Object.entries(data)) {
    left = remaining(value, left - key.length, depth - 1)
    if (left < 0) return left
  }
  return left
}
