/** Colours as `#rrggbb`. */
export interface Theme {
  readonly background: string
  readonly border: string
  readonly text: string
  readonly dim: string
  readonly strong: string
  readonly good: string
}

export const themes: Readonly<Record<'light' | 'dark', Theme>> = {
  light: {
    background: '#f6f8fa',
    border: '#d0d7de',
    text: '#424a53',
    dim: '#57606a',
    strong: '#0550ae',
    good: '#116329',
  },
  dark: {
    background: '#161b22',
    border: '#30363d',
    text: '#c9d1d9',
    dim: '#8b949e',
    strong: '#79c0ff',
    good: '#56d364',
  },
}

const fontSize = 13
/** Of a character, at this font size, in the fonts of the list below. */
const characterWidth = 7.83
const lineHeight = 19
const padding = 18

/** Returns a picture of a terminal's lines as SVG, in the styles that the demo uses on a terminal. */
export function renderSvg(lines: readonly string[], theme: Theme): string {
  const longest = Math.max(...lines.map((line) => line.length))
  const width = Math.ceil(longest * characterWidth + 2 * padding)
  const height = lines.length * lineHeight + 2 * padding
  const texts = lines.map((line, index) => {
    const y = padding + index * lineHeight + fontSize
    return line === ''
      ? ''
      : `<text x="${padding}" y="${y}"${styleOf(line, theme)}>${escapeXml(line)}</text>\n`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>Output of akv-injector demo</title>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${theme.background}" stroke="${theme.border}"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${fontSize}" fill="${theme.text}" xml:space="preserve">
${texts.join('')}</g>
</svg>
`
}

function styleOf(line: string, { dim, strong, good }: Theme): string {
  if (/^(\d+\. |\$ )/.test(line)) return ` fill="${strong}" font-weight="bold"`
  if (line === '   Done.') return ` fill="${good}"`
  return line.startsWith('   | ') ? ` fill="${dim}"` : ''
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
