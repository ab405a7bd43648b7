/**
 * How long the longest text is that a regular expression sees while `run` runs: proof of a bound that doesn't depend on
 * how fast the machine is. All uses of a regular expression, in `test`, `replace` and so on, go through `exec`.
 */
export function longestMatched(run: () => unknown): number {
  const { exec } = RegExp.prototype
  let longest = 0
  RegExp.prototype.exec = function (text) {
    longest = Math.max(longest, text.length)
    return exec.call(this, text)
  }
  try {
    run()
  } finally {
    RegExp.prototype.exec = exec
  }
  return longest
}
