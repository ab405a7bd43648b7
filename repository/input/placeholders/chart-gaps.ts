import { createHash } from 'node:crypto'
import { basename, resolve } from 'node:path'

/** Values that nobody leaves empty on purpose, by their keys. */
const needed =
  /^(?:keyvaultName|clientID|vaultUrl|secretProviderClass|secretName|objectName|secretKey|key|akv-injector\.io\/(?:vault|secrets|client-id))$/
const names = /^(?:name|secretName|secretProviderClass|serviceAccountName)$/

/** A chart whose values may leave something empty. */
export interface OpenChart {
  /** In characters of a placeholder. */
  readonly name: string
  /** What its templates write without any value, as `KEY: VALUE`: no other values change it. */
  readonly literals: () => ReadonlySet<string>
}

interface Field {
  readonly key: string
  readonly parent: string | undefined
  readonly chart: OpenChart
}

/**
 * Puts a placeholder where the values of a chart leave something empty that an object needs: a whole value, the name of an object in
 * an object list, the vault in a URL, or the start or end of a name.
 *
 * @param value - of a scalar in what is rendered from the chart
 * @param field - `key`: its key, or the one of its list; `parent`: the key around that
 * @returns the value itself if nothing is missing
 */
export function withGaps(value: unknown, { key, parent, chart }: Field): unknown {
  if (value !== null && typeof value !== 'string') return value
  const gap = (of: string) => `<${of} of chart ${chart.name}>`
  const isOpen = (of: string, text: string) => !chart.literals().has(literal(of, text))
  const written = value ?? ''
  const text = written.trim()
  if (key === 'objects') {
    const isEmpty = text === '' || text === 'array:'
    if (isEmpty && isOpen(key, text))
      return `array:\n- |\n  objectName: ${gap('objects')}\n  objectType: secret\n`
    return emptyObject.test(written) && isOpen('objectName', '')
      ? written.replaceAll(new RegExp(emptyObject, 'g'), `$1 ${gap('objectName')}`)
      : value
  }
  const own = gap(key.slice(key.lastIndexOf('/') + 1))
  const isNeeded = needed.test(key) || (key === 'data' && parent === 'secretObjects')
  if (text === '') return isNeeded && isOpen(key, '') ? own : value
  if (key === 'vaultUrl') return written.replace(/^https:\/\/(?=\.)/, `https://${own}`)
  if (!names.test(key) || !/^-|-$/.test(written) || !isOpen(key, text)) return value
  // A reference to the name has the same placeholder.
  return written.replace(/^(?=-)/, gap('name')).replace(/(?<=-)$/, gap('name'))
}

const emptyObject = /(\bobjectName:) ?(?:""|'')?(?=\n|$)/

const literal = (key: string, text: string): string => `${key}: ${text}`

/** A line with a key. */
const keyLine = /^[ \t]{0,100}(?:- )?["']?([\w./-]{1,100})["']?:(?=[ \t\r\n]|$)([^\n]{0,300})/gm

/** A key in braces, such as `{ a: "", b: "" }`. */
const braceKey =
  /[{,]\s{0,99}["']?([\w./-]{1,100})["']?:(?=[ \t\r\n,}]|$)[ \t]{0,9}("[^"\n]{0,300}"|'[^'\n]{0,300}'|(?:\{\{|[^\n,{}])[^\n,}]{0,300})?/gm

/**
 * Finds what the templates of a chart write without any value: nothing, or a name that begins or ends with a hyphen.
 * A key that some line gives a value from an action isn't empty by itself, and neither is one with something below it.
 */
export function literalsIn(texts: Iterable<string>): ReadonlySet<string> {
  const literals = new Set<string>()
  const open = new Set<string>()
  for (const [, key = '', rest = ''] of keysIn(texts)) {
    const quoted = rest.trim()
    const value = /^(["']?)(.*)\1$/s.exec(quoted)?.[2] ?? quoted
    if (value.includes('{{')) open.add(literal(key, ''))
    else if (value === '' ? quoted !== '' || needed.test(key) : /^-|-$/.test(value))
      literals.add(literal(key, value))
  }
  return new Set([...literals].filter((one) => !open.has(one)))
}

function* keysIn(texts: Iterable<string>): Generator<RegExpExecArray> {
  for (const text of texts) for (const form of [keyLine, braceKey]) yield* text.matchAll(form)
}

/** A placeholder with a longer one would be too long. */
const maxName = 34

/** Names the chart in a folder, for the text of a placeholder. A long path gets a hash, because paths often end alike. */
export function chartName(folder: string): string {
  const path = folder === '.' ? basename(resolve(folder)) : folder
  const name = path.replaceAll(/[^\w-]+/g, '.')
  if (name.length <= maxName) return name
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 8)
  return `${hash}.${name.slice(hash.length + 1 - maxName)}`
}
