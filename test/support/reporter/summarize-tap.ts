interface Options {
  /** Print a line for each file that passed, too. */
  readonly showsFiles: boolean
}

/**
 * Makes a short report of TAP as the tap runner writes it, in which a subtest is indented by four spaces. It keeps
 * failed assertions with their diagnostics, skipped tests, comments of tests, whatever else they print, and the counts, of
 * skipped tests for each reason.
 *
 * @returns a function that takes one line of TAP and gives the lines to print for it
 */
export function createTapSummary({ showsFiles }: Options): (line: string) => readonly string[] {
  /** The subtests that contain the current line, and whether a failure in each has been printed. */
  const subtests: { readonly name: string; hasPrintedFailure: boolean }[] = []
  /** The failure whose diagnostics are being read. */
  let diagnostics: { readonly indent: string; readonly isPrinted: boolean } | undefined

  /** The test file that started last. If it ends the process, tap names only the process. */
  let lastFile: string | undefined

  /** The reason of each skipped test. */
  const skips: string[] = []

  function assertion(line: string, depth: number): readonly string[] {
    const [, not, name = '', directive = ''] =
      /^ *(not )?ok(?: \d+)?(?: - (.*?))?(?: # ((?:SKIP|TODO|time=).*))?$/.exec(line) ?? []
    const names = [...subtests.slice(0, depth).map(({ name }) => name), name]
    const place = placeOf(names, lastFile)
    const subtest = subtests[depth]
    subtests.length = depth
    if (/^(SKIP|TODO)/.test(directive)) {
      skips.push(directive.replace(/^SKIP\b ?/, '') || 'no reason')
      return [`${place} # ${directive}`]
    }
    if (!not)
      return showsFiles && (depth === 0 || isTestFile(name)) ? [`ok ${name} # ${directive}`] : []
    // A subtest fails if an assertion in it did, which has been printed; but it may also have run out of time.
    const isPrinted = !subtest?.hasPrintedFailure
    diagnostics = { indent: `${'    '.repeat(depth)}  `, isPrinted }
    if (!isPrinted) return []
    for (const parent of subtests) parent.hasPrintedFailure = true
    return [`not ok ${place}`]
  }

  function diagnostic(line: string): readonly string[] | undefined {
    if (!diagnostics || !(line.startsWith(diagnostics.indent) || line.trim() === '')) {
      diagnostics = undefined
      return undefined
    }
    const { indent, isPrinted } = diagnostics
    const text = line.slice(indent.length)
    if (text === '...') diagnostics = undefined
    return isPrinted && text !== '---' && text !== '...' ? [`  ${text}`] : []
  }

  return (line) => {
    const detail = diagnostic(line)
    if (detail) return detail
    const text = line.trimStart()
    const depth = Math.floor((line.length - text.length) / 4)
    if (/^(not )?ok\b/.test(text)) return assertion(line, depth)
    const subtest = /^# Subtest: (.*)$/.exec(text)
    if (subtest) {
      const [, name = ''] = subtest
      subtests.length = depth
      subtests.push({ name, hasPrintedFailure: false })
      if (isTestFile(name)) lastFile = name
      else if (depth === 0) lastFile = undefined
      return []
    }
    if (/^(# time=|# starts$|# No coverage|TAP version|\d+\.\.\d+|$)/.test(text)) return []
    if (/^# \{ total:/.test(text)) return depth === 0 ? [...countsOf(skips), text] : []
    return [text]
  }
}

const isTestFile = (name: string) => name.endsWith('.test.ts')

/** The names from the test file on: if it runs together with others, it's in the test of its folder. */
function placeOf(names: readonly string[], lastFile: string | undefined): string {
  const index = names.findIndex(isTestFile)
  const inFile = index >= 0 ? names.slice(index) : names.filter((name) => !isFolder(name))
  const place = index >= 0 || lastFile === undefined ? inFile : [lastFile, ...inFile]
  return (place.length > 0 ? place : names).join(' > ')
}

const isFolder = (name: string) => name.endsWith('/all.ts')

/** `.ci/run` adds up these lines. */
const countsOf = (reasons: readonly string[]): readonly string[] =>
  [...Map.groupBy(reasons, (reason) => reason)].map(
    ([reason, { length }]) => `# ${length} skipped: ${reason}`,
  )
