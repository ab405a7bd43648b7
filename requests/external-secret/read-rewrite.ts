import {
  allOf,
  below,
  eachOf,
  type Field,
  only,
  type Read,
  report,
  reportThat,
  reportValue,
  required,
  someOf,
  text,
  textAs,
} from '../../lib/problems/read.ts'
import type { MergeRewrite, Rewrite } from '../secret/composition.ts'
import { maxProperties } from '../secret/secret-bounds.ts'
import { checkTemplate } from './check-template.ts'
import { isUsableExpression, usableExpression } from './compile-expression.ts'

/** For all operations of an ExternalSecret together. Compiling and running them takes time. */
const max = { operations: 100, expressionCharacters: 512, templateCharacters: 4096 } as const
/** Longer than any key, with room for what a later operation removes. */
const maxTargetCharacters = 1024

/**
 * Reads the `rewrite` of each item of one ExternalSecret.
 *
 * @returns a reader that counts what it has read
 */
export function rewriteReader(): Read<readonly Rewrite[]> {
  const used = { operations: 0, expressionCharacters: 0, templateCharacters: 0 }
  const use = (what: keyof typeof used, count: number, at: Field): boolean => {
    used[what] += count
    if (used[what] <= max[what]) return true
    report(
      at,
      `an ExternalSecret may have ${max.operations} operations, whose expressions may have ${max.expressionCharacters} characters together, and their templates ${max.templateCharacters}`,
    )
    return false
  }
  const operation = someOf({
    regexp: regexpReader((pattern, at) => use('expressionCharacters', pattern.length, at)),
    transform: transformReader((template, at) => use('templateCharacters', template.length, at)),
    merge: readMerge,
  })
  return eachOf((value, at) => {
    if (!use('operations', 1, at)) return undefined
    const before = at.problems.length
    const found = Object.values(operation(value, at)).filter((one) => one !== undefined)
    if (found.length !== 1 && at.problems.length === before)
      reportThat(at, 'needs exactly one of regexp, transform and merge')
    return found[0]
  }, max.operations)
}

/** Whether there is room for a text. Adds a problem otherwise. */
type Use = (text: string, at: Field) => boolean

function regexpReader(use: Use): Read<Rewrite> {
  const members = allOf({
    source: required(
      anyText((pattern, inside) => {
        if (!use(pattern, inside)) return undefined
        return isUsableExpression(pattern)
          ? pattern
          : reportValue(inside, pattern, usableExpression)
      }),
    ),
    target: required(
      anyText((target, inside) =>
        target.length > maxTargetCharacters
          ? report(inside, `accepted: at most ${maxTargetCharacters} characters`)
          : target,
      ),
    ),
  })
  return (value, at) => {
    const found = members(value, at)
    return found && { kind: 'regexp', ...found }
  }
}

function transformReader(use: Use): Read<Rewrite> {
  const members = allOf({
    template: required(
      anyText((text, inside) => {
        if (!use(text, inside)) return undefined
        const checked = checkTemplate(text)
        if (checked.kind === 'invalid') return report(inside, checked.problem)
        return [...checked.value].every((key) => key === 'value')
          ? text
          : report(inside, 'a template of a key has only .value, which is the key')
      }),
    ),
  })
  return (value, at) => {
    const found = members(value, at)
    return found && { kind: 'transform', ...found }
  }
}

const mergeMembers = allOf({
  into: anyText((into) => into),
  priority: eachOf(text, maxProperties),
  priorityPolicy: textAs(only(['Strict', 'IgnoreNotFound'])),
  conflictPolicy: textAs(only(['Error', 'Ignore'])),
  strategy: textAs(only(['Extract', 'JSON'])),
})

const readMerge: Read<MergeRewrite> = (value, at) => {
  const members = mergeMembers(value, at)
  if (members === undefined) return undefined
  const { into = '', priority = [], priorityPolicy, conflictPolicy, strategy } = members
  if (strategy === 'JSON' && into === '')
    return reportThat(below(at, 'into'), 'is missing; strategy JSON needs it')
  return {
    kind: 'merge',
    // The operator ignores it with the other strategy, too.
    ...(strategy === 'JSON' && { into }),
    priority,
    ignoresMissing: priorityPolicy === 'IgnoreNotFound',
    ignoresConflicts: conflictPolicy === 'Ignore',
  }
}

/** A string that may be empty: an expression that matches everywhere, or a target that removes what is matched. */
function anyText<T>(read: (text: string, at: Field) => T | undefined): Read<T> {
  return (value, at) =>
    typeof value === 'string' ? read(value, at) : reportValue(at, value, 'expected a string')
}
