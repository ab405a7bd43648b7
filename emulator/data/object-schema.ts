/** The schema of an object in the vault file, of any kind: one version, or a list of versions. */

import { z } from 'zod'
import {
  date,
  flag,
  list,
  mapping,
  maybe,
  namesTo,
  validText,
  withDefault,
} from '../schema/schema-parts.ts'
import type { ObjectData, VersionData } from './data.ts'

export const tagsSchema = namesTo(validText('a string'))

/** The properties that versions of all kinds may have. */
export const versionShape = {
  version: maybe(
    validText('32 hexadecimal digits', (found) => /^[0-9a-f]{32}$/i.test(found)).toLowerCase(),
  ),
  tags: maybe(tagsSchema),
  enabled: maybe(flag),
  created: maybe(date),
  expires: maybe(date),
  notBefore: maybe(date),
}

/** Reports a problem of a version, with the key if the problem is about one. */
export type ReportProblem = (message: string, key?: string) => void

interface ObjectDefinition<
  Shape extends z.ZodRawShape,
  Draft extends VersionData,
  Version extends VersionData,
> {
  /** The name in messages: `secret`. */
  readonly kind: string
  /** The keys of a version. */
  readonly shape: Shape
  /** Makes a version from the values of these keys. Returns undefined after it has reported a problem. */
  readonly toVersion: (fields: Fields<Shape>, report: ReportProblem) => Draft | undefined
  /** The schema of a version that isn't a mapping, such as the bare value of a secret. */
  readonly short?: z.ZodType<Draft>
  /** Fills in the defaults that depend on the object's name. */
  readonly complete: (draft: Draft, name: string) => Version
}

export type Fields<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>

/** A mapping from names to objects of one kind. */
export function objectsOf<
  Shape extends z.ZodRawShape,
  Draft extends VersionData,
  Version extends VersionData,
>(definition: ObjectDefinition<Shape, Draft, Version>) {
  const { complete, short } = definition
  const long = objectSchema(definition)
  const value = short === undefined ? long : z.union([short.transform(alone<Draft>), long])
  const isName = (name: string) => /^[0-9a-z-]{1,127}$/i.test(name)
  const accepted = `1 to 127 letters, digits and hyphens as the name of a ${definition.kind}`
  return withDefault(namesTo(value, { isName, accepted }), {}).transform((objects, context) => {
    reportClashes(Object.keys(objects), (message) => context.addIssue(message))
    return Object.entries(objects).map(([name, { deleted, versions }]): ObjectData<Version> => {
      return { name, deleted, versions: versions.map((version) => complete(version, name)) }
    })
  })
}

type Unnamed<Version extends VersionData> = Omit<ObjectData<Version>, 'name'>

const alone = <Version extends VersionData>(version: Version): Unnamed<Version> => ({
  deleted: false,
  versions: [version],
})

function objectSchema<Shape extends z.ZodRawShape, Version extends VersionData>({
  shape,
  toVersion,
}: Pick<ObjectDefinition<Shape, Version, Version>, 'shape' | 'toVersion'>) {
  const make = (fields: Fields<Shape>, context: z.RefinementCtx): Version =>
    toVersion(fields, (message, key) =>
      context.addIssue({ code: 'custom', message, path: key === undefined ? [] : [key] }),
    ) ?? z.NEVER
  const envelope = {
    deleted: withDefault(flag, false),
    versions: maybe(list(mapping(shape).transform(make))),
  }
  return mapping({ ...shape, ...envelope }).transform((found, context): Unnamed<Version> => {
    // TypeScript doesn't know that the generic shape and the envelope have no common keys.
    const { deleted, versions, ...fields } = found as z.output<z.ZodObject<typeof envelope>>
    if (versions === undefined)
      return { deleted, versions: [make(fields as Fields<Shape>, context)] }
    const [problem, key] = problemWith(versions, fields) ?? []
    if (problem !== undefined)
      context.addIssue({ code: 'custom', message: problem, path: key ? [key] : [] })
    return { deleted, versions }
  })
}

function problemWith(
  versions: readonly VersionData[],
  fields: object,
): readonly [problem: string, key?: string] | undefined {
  const ids = versions.flatMap(({ version }) => version ?? [])
  if (new Set(ids).size < ids.length)
    return ['two versions have the same "version"; accepted: unique ones', 'versions']
  const beside = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [key],
  )
  if (beside.length > 0)
    return [`found ${beside.join(', ')} next to "versions"; accepted: in each version`]
  return versions.length > 0
    ? undefined
    : ['found an empty list; accepted: one version or more', 'versions']
}

/** Key Vault's names are case-insensitive: two that differ only in case would be one object. */
export function reportClashes(names: readonly string[], report: (message: string) => void): void {
  const seen = new Map<string, string>()
  for (const name of names) {
    const earlier = seen.get(name.toLowerCase())
    if (earlier !== undefined)
      report(`"${earlier}" and "${name}" are the same name, because names aren't case-sensitive`)
    seen.set(name.toLowerCase(), name)
  }
}
