/** Formats the median, the quartiles and the extremes of times. */
export function inWords(timesMs: readonly number[]): string {
  const sorted = timesMs.toSorted((a, b) => a - b)
  const at = (share: number) => {
    const index = Math.min(sorted.length - 1, Math.floor(sorted.length * share))
    return ((sorted[index] ?? Number.NaN) / 1_000).toFixed(2)
  }
  return `${at(0.5)} s  (half of them ${at(0.25)} to ${at(0.75)}, all ${at(0)} to ${at(1)})`
}
