import type {
  Wanted,
  WantedFile,
  WantedFind,
  WantedValue,
  WantedVariable,
} from '../../../delivery/contract.ts'
import { targetPathProblem } from '../../../delivery/target-path.ts'
import { isFolder, isText } from '../../../keyvault/reference.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import type { Entry, FindEntry } from './parse-object-list.ts'

/** The value of an entry, without its destination. */
export function toWantedValue({
  reference,
  optional,
}: Pick<Entry, 'reference' | 'optional'>): WantedValue {
  return { ...reference, ...(optional && { optional }) }
}

/** The value of an entry that becomes a file or a key of a Secret, without its destination. */
export const toWantedWhole = (entry: Entry): Wanted => ({
  ...toWantedValue(entry),
  ...(entry.password && { password: entry.password }),
})

/** Makes a file of an entry of `secrets`. Without a target, the file is named after the object. */
export function toWantedFile(entry: Entry): Parsed<WantedFile> {
  const { object, property } = entry.reference
  const target = entry.target ?? object.name
  if (property === '*' && entry.target !== undefined && !target.endsWith('/'))
    return invalid(
      '"#*" writes a file for each property, so its target must be a folder; end it with "/"',
    )
  const path = isFolder(entry.reference) && target.endsWith('/') ? target.slice(0, -1) : target
  return valid({ path, ...toWantedWhole(entry) })
}

/** The longest name that a found secret may have. */
const longestName = 'x'.repeat(127)

/** Makes a find of an entry of `secrets`. */
export function toWantedFind({ target, find, optional }: FindEntry): Parsed<WantedFind> {
  if (target === undefined || !target.endsWith('/'))
    return invalid(
      `"find:" writes a file for each secret, so its target must be a folder: DIR/=find:${find.pattern}`,
    )
  const path = target.slice(0, -1)
  const problem = targetPathProblem(path) ?? targetPathProblem(`${path}/${longestName}`)
  if (problem !== undefined) return invalid(problem)
  return valid({ path, ...find, ...(optional && { optional }) })
}

/** Makes a variable of an entry of `env`. Without a target, it is the object's name in upper case, with `_` for `-`. */
export function toWantedVariable(entry: Entry): Parsed<WantedVariable> {
  const { object } = entry.reference
  if (!isText(entry.reference))
    return invalid(
      '"tls/", "pfx/" and "#*" write files, not variables; use akv-injector.io/secrets',
    )
  const variable = entry.target ?? object.name.toUpperCase().replaceAll('-', '_')
  return valid({ variable, ...toWantedValue(entry) })
}
