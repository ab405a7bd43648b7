/** More lines would make the page slow, and nobody reads them. */
const maxLines = 5000
const maxLineLength = 2000

/**
 * Shows a text in an element, line by line. It is always text, whatever it has.
 *
 * @param classOf - the class of a line
 */
export function showLines(
  element: HTMLElement,
  text: string,
  classOf: (line: string) => string,
): void {
  const lines = text.replace(/\n$/, '').split('\n')
  const shown = lines.slice(0, maxLines).map((line) => {
    const span = document.createElement('span')
    span.className = classOf(line)
    span.textContent = `${line.length > maxLineLength ? `${line.slice(0, maxLineLength)}…` : line}\n`
    return span
  })
  const more = lines.length - shown.length
  element.replaceChildren(...shown, ...(more > 0 ? [`… ${more} more lines\n`] : []))
}

/** The colour of a line of a unified diff. */
export const diffClass = (line: string): string => {
  if (line.startsWith('+')) return 'is-added'
  if (line.startsWith('-')) return 'is-removed'
  return line.startsWith('@@') ? 'is-place' : ''
}

/** The colour of a line that `check` prints. */
export const reportClass = (line: string): string =>
  line.match(/^ {2}(problem|warning): /)?.[1]?.replace(/^/, 'is-') ?? ''
