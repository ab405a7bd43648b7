import {
  below,
  type Field,
  only,
  type Read,
  report,
  reportValue,
  someOf,
  textAs,
} from '../../lib/problems/read.ts'
import { isObject } from '../../lib/shape.ts'
import { type Decoding, decodings } from '../secret/composition.ts'
import type { FindCriteria } from '../secret/secret-find.ts'
import { isUsableExpression, usableExpression } from './compile-expression.ts'

/** The `find` of an item of `dataFrom`. */
export interface ReadFind {
  readonly criteria: FindCriteria
  readonly decoding: Decoding
  readonly conversion?: 'Unicode'
  readonly refusesNullBytes?: true
  /** Whether it has a `path`, which the operator doesn't read for Key Vault either. */
  readonly hasPath?: true
}

/** Key Vault accepts no more tags. */
const maxTags = 15
/** For the expressions of all finds of an ExternalSecret together. Compiling and running them takes time. */
const maxExpressionCharacters = 512

/**
 * Reads each `find` of one ExternalSecret.
 *
 * @returns a reader that counts what it has read
 */
export function findReader(): Read<ReadFind> {
  let characters = 0
  const readExpression: Read<string> = (value, at) => {
    if (typeof value !== 'string') return reportValue(at, value, 'expected a string')
    characters += value.length
    if (characters > maxExpressionCharacters)
      return report(
        at,
        `the expressions of an ExternalSecret may have ${maxExpressionCharacters} characters together`,
      )
    return isUsableExpression(value) ? value : reportValue(at, value, usableExpression)
  }
  const members = someOf({
    path: (value) => value !== undefined,
    name: someOf({ regexp: readExpression }),
    tags: readTags,
    conversionStrategy: textAs(only(['Default', 'Unicode'])),
    decodingStrategy: textAs(only(decodings)),
    nullBytePolicy: textAs(only(['Ignore', 'Fail'])),
  })
  return (value, at) => {
    const before = at.problems.length
    const { path, name, tags = {}, decodingStrategy, ...policies } = members(value, at)
    if (at.problems.length > before) return undefined
    const expression = name?.regexp ?? ''
    return {
      criteria: { tags, ...(expression !== '' && { expression }) },
      decoding: decodingStrategy ?? 'None',
      ...(policies.conversionStrategy === 'Unicode' && { conversion: 'Unicode' }),
      ...(policies.nullBytePolicy === 'Fail' && { refusesNullBytes: true }),
      ...(path && { hasPath: true }),
    }
  }
}

function readTags(value: unknown, at: Field): Readonly<Record<string, string>> | undefined {
  if (!isObject(value)) return reportValue(at, value, 'expected an object')
  const tags = Object.entries(value)
  if (tags.length > maxTags)
    return report(at, `found ${tags.length} tags; accepted: at most ${maxTags}`)
  for (const [name, tag] of tags)
    if (typeof tag !== 'string') return reportValue(below(at, name), tag, 'expected a string')
  return value as Readonly<Record<string, string>>
}
