import { basename, resolve } from 'node:path'

/** Values that nobody leaves empty on purpose, by their keys. */
const needed =
  /^(?:keyvaultName|clientID|vaultUrl|secretProviderClass|secretName|objectName|secretKey|key|akv-injector\.io\/(?:vault|secrets|client-id))$/
const names = /^(?:name|secretName|secretProviderClass|serviceAccountName)$/

interface Field {
  readonly key: string
  readonly parent: string | undefined
  readonly chart: string
}

/**
 * Puts a placeholder where the values of a chart leave something empty that an object needs: a whole value, the name of an object in
 * an object list, the vault in a URL, or the start or end of a name.
 *
 * @param value - of a scalar in what is rendered from the chart
 * @param field - `key`: its key, or the one of its list; `parent`: the key around that; `chart`: in characters of a placeholder
 * @returns the value itself if nothing is missing
 */
export function withGaps(value: unknown, { key, parent, chart }: Field): unknown {
  if (value !== null && typeof value !== 'string') return value
  const gap = (of: string) => `<${of} of chart ${chart}>`
  const written = value ?? ''
  const text = written.trim()
  if (key === 'objects')
    return text === '' || text === 'array:'
      ? `array:\n- |\n  objectName: ${gap('objects')}\n  objectType: secret\n`
      : written.replaceAll(emptyObject, `$1 ${gap('objectName')}`)
  const own = gap(key.slice(key.lastIndexOf('/') + 1))
  const isNeeded = needed.test(key) || (key === 'data' && parent === 'secretObjects')
  if (text === '') return isNeeded ? own : value
  if (key === 'vaultUrl') return written.replace(/^https:\/\/(?=\.)/, `https://${own}`)
  if (!names.test(key)) return value
  // A reference to the name has the same placeholder.
  return written.replace(/^(?=-)/, gap('name')).replace(/(?<=-)$/, gap('name'))
}

const emptyObject = /(\bobjectName:) ?(?:""|'')?(?=\n|$)/g

/** Names the chart in a folder, for the text of a placeholder. */
export const chartName = (folder: string): string =>
  (folder === '.' ? basename(resolve(folder)) : folder).replaceAll(/[^\w-]+/g, '.').slice(-34)
