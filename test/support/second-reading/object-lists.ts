import { parse } from 'yaml'
import { at, items, text } from './values.ts'

/** A file of a volume or a key of a Secret, and the object that it is made of: `VAULT/TYPE/NAME@VERSION#PROPERTY|DECODING`. */
export interface Wanted {
  readonly target: string
  readonly source: string
  readonly mode: string
}

/** The `objects` of a SecretProviderClass: a YAML list of mappings, or `array:` with texts, each of them a mapping. */
export function readDriverObjects(list: string, vault: string): readonly Wanted[] {
  const parsed: unknown = parse(list, { schema: 'failsafe' })
  const entries = Array.isArray(parsed) ? parsed : items(at(parsed, 'array'))
  return entries.map((entry) => {
    const object: unknown = typeof entry === 'string' ? parse(entry, { schema: 'failsafe' }) : entry
    const field = (name: string) => text(at(object, name))
    const others = ['objectFormat', 'objectEncoding', 'objectVersionHistory']
      .map((name) => (field(name) === '' ? '' : `;${name}=${field(name)}`))
      .join('')
    return {
      target: field('objectAlias') || field('objectName'),
      source: sourceOf({
        vault,
        type: field('objectType') || 'secret',
        name: field('objectName'),
        version: field('objectVersion'),
      }).concat(others),
      mode: field('filePermission') || '0644',
    }
  })
}

/** A list of entries such as `KEY=VAULT:TYPE/NAME@VERSION#PROPERTY|base64`, separated by commas and line breaks. */
export const readObjectList = (list: string, vault: string): readonly Wanted[] =>
  list
    .split(/[,\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const equals = entry.indexOf('=')
      const [reference = '', decoding = ''] = entry.slice(equals + 1).split('|')
      const [path = '', ...property] = reference.split('#')
      const [object = '', version = ''] = path.split('@')
      const colon = object.indexOf(':')
      const typed = object.slice(colon + 1)
      const slash = typed.indexOf('/')
      const name = typed.slice(slash + 1)
      return {
        target: equals < 0 ? (property.join('#') === '*' ? '*' : name) : entry.slice(0, equals),
        source: sourceOf({
          vault: colon < 0 ? vault : object.slice(0, colon),
          type: slash < 0 ? 'secret' : typed.slice(0, slash),
          name,
          version,
          property: property.join('#'),
          decoding,
        }),
        mode: '',
      }
    })

/** One form for an object, whoever asks for it. */
export const sourceOf = (object: {
  readonly vault: string
  readonly type: string
  readonly name: string
  readonly version?: string
  readonly property?: string
  readonly decoding?: string
}): string => {
  const part = (mark: string, value = '') => (value === '' ? '' : mark + value)
  return [
    `${object.vault}/${object.type}/${object.name}`,
    part('@', object.version),
    part('#', object.property),
    part('|', object.decoding),
  ].join('')
}
