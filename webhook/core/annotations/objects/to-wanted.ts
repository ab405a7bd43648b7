import type { WantedFile, WantedValue, WantedVariable } from '../../../../init-agent/contract.ts'
import type { Parsed } from '../../../../lib/parsed.ts'
import type { Entry } from './parse-object-list.ts'

/** What an entry wants, whatever it is for. */
export function toWantedValue({
  reference,
  optional,
}: Pick<Entry, 'reference' | 'optional'>): WantedValue {
  return { ...reference, ...(optional && { optional }) }
}

/** An entry of `secrets`: named after its object, unless it has a target. */
export function toWantedFile(entry: Entry): Parsed<WantedFile> {
  const { object, property } = entry.reference
  const isFolder = property === '*' || object.type === 'tls'
  const target = entry.target ?? object.name
  if (property === '*' && entry.target !== undefined && !target.endsWith('/'))
    return { problem: '"#*" writes a file for each property: end its target, a folder, with "/"' }
  const path = isFolder && target.endsWith('/') ? target.slice(0, -1) : target
  return { value: { path, ...toWantedValue(entry) } }
}

/** An entry of `env`: upper case and `_` for `-`, unless it has a name. */
export function toWantedVariable(entry: Entry): Parsed<WantedVariable> {
  const { object, property } = entry.reference
  if (object.type === 'tls' || object.type === 'pfx' || property === '*')
    return {
      problem: '"tls/", "pfx/" and "#*" write files, not variables; use akv-injector.io/secrets',
    }
  const variable = entry.target ?? object.name.toUpperCase().replaceAll('-', '_')
  return { value: { variable, ...toWantedValue(entry) } }
}
