import { type FunctionName, TemplateError } from '../model/template.ts'
import { isMap } from '../model/value.ts'
import { fromJson } from './json.ts'

/** A JSON Web Key (RFC 7517) of a type that can be written as PEM. */
export interface Jwk {
  readonly type: KeyType
  readonly has: (name: string) => boolean
  /** Returns a member that is a text. Throws TemplateError if it isn't one. */
  readonly text: (name: string) => string
  /** Returns a member that is a number or a point. Throws TemplateError if it isn't one. */
  readonly bytes: (name: string) => Buffer
  readonly refuse: (problem: string) => TemplateError
}

const keyTypes = ['RSA', 'EC', 'OKP'] as const
type KeyType = (typeof keyTypes)[number]

/** Twice as long as the longest RSA modulus of Key Vault. */
const maxNumberBytes = 1024

/**
 * Reads a JSON Web Key. What its members say isn't checked yet.
 *
 * @param name - of the function that reads it, for messages
 */
export function readJwk(json: string, name: FunctionName): Jwk {
  const refuse = (problem: string) => new TemplateError(`${name}: ${problem}`)
  const value = fromJson(json, name)
  if (!isMap(value)) throw refuse('its value is not a JSON object')
  const text = (member: string) => {
    const found = value.entries.get(member)
    if (typeof found === 'string') return found
    throw refuse(`the member "${member}" of its value is not a text`)
  }
  const bytes = (member: string) => {
    const base64 = text(member)
    if (!isBase64(base64)) throw refuse(`the member "${member}" of its value is not base64url`)
    const number = Buffer.from(base64, 'base64url')
    if (number.length <= maxNumberBytes) return number
    throw refuse(`the member "${member}" of its value has more than ${maxNumberBytes} bytes`)
  }
  const type = keyTypes.find((known) => known === text('kty'))
  if (type === undefined)
    throw refuse(`its value is a key of another type than ${keyTypes.join(', ')}`)
  return { type, has: (member) => value.entries.has(member), text, bytes, refuse }
}

/** The operator also accepts the standard alphabet, and padding. */
const isBase64 = (text: string): boolean =>
  /^(?:[\w-]+|[A-Za-z\d+/]+)={0,2}$/.test(text) &&
  (text.endsWith('=') ? text.length % 4 === 0 : text.length % 4 !== 1)
