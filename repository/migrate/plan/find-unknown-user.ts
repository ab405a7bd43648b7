import { isObject } from '../../../lib/shape.ts'
import { classNamesOf } from '../../../requests/class/driver-volumes.ts'
import { findObject, keyOf } from '../../input/objects/find-object.ts'
import type { FoundObject, NamedObject } from '../../input/objects/find-objects.ts'
import { valuesIn } from '../../input/placeholders/values-in.ts'
import { isReferredTo } from '../../input/sources/referred-to.ts'
import { describeSource } from '../../input/text/file-error.ts'
import { mayUse, nameLike, pathIn, realPath, type Unread } from '../../input/unread/unread.ts'
import type { MigratedContent } from '../content/content.ts'
import { openUserFinder } from './open-users.ts'

/**
 * Returns a function that finds possible users of a class or a store, in addition to the known ones: a pod for which
 * the name is unclear, an object of another kind that mentions a class, or a file that isn't read.
 *
 * @returns a function that returns a clause about such a user
 */
export function unknownUserFinder(
  content: MigratedContent,
): (object: NamedObject) => string | undefined {
  const { viewOf, templates, otherFiles, environments, placeholders } = content
  const unclear = new Map(
    templates.flatMap((template) =>
      [...classNamesOf(template.pod)].flatMap((name) => {
        const wanted = { kind: 'SecretProviderClass', namespace: template.namespace, name }
        const found = findObject<FoundObject>(viewOf(template).lookUps, wanted)
        return found?.unclear === undefined ? [] : [[keyOf(wanted), template.title] as const]
      }),
    ),
  )
  const mentions = mentionsIn(content)
  const openUserOf = openUserFinder(content)
  const isKnown = linkFinder(content)
  const mentionsOf = (name: string) =>
    [name, placeholders.restoreValue(name)].flatMap((written) => mentions.get(written) ?? [])
  return (object) => {
    const pod = unclear.get(keyOf(object))
    if (pod !== undefined) return `${pod} may need it`
    const { source } = object.manifest
    const mention = mentionsOf(object.name).find(({ manifest }) =>
      environments.mayShare(manifest.source, source),
    )
    if (mention) return `${mention.title} (${describeSource(mention.manifest.source)}) names it`
    const unread = otherFiles.unread.find(
      (some) =>
        mayUse(some, object) &&
        environments.mayShare(pathIn(some), source) &&
        !isKnown(some, source),
    )
    if (unread) return `${unread.path} ${unread.reason}, and may need it`
    const part = otherFiles.builds.unreadBy(source)
    return part === undefined ? openUserOf(object) : `${part}, and may need it`
  }
}

/**
 * Recognises symbolic links to files that are read anyway, so that their users are known. A link to the object's own
 * file doesn't count, because removing that file would break it.
 */
function linkFinder({ objects, templates, otherFiles }: MigratedContent) {
  if (otherFiles.unread.every(({ target }) => target === undefined)) return () => false
  const sources = new Set([...objects, ...templates].map(({ manifest }) => manifest.source))
  const targets = new Map([...sources].map((source) => [realPath(source), source]))
  return ({ target }: Unread, own: string): boolean => {
    const source = target && targets.get(target)
    return source !== undefined && source !== own
  }
}

/** Finds objects without pods that mention a class by name, such as a SecretSync, or a HelmRelease in its values. */
function mentionsIn({
  objects,
  templates,
}: MigratedContent): ReadonlyMap<string, readonly NamedObject[]> {
  const workloads = new Set(
    templates.map(({ manifest, ownerPath }) => `${manifest.source} ${manifest.start} ${ownerPath}`),
  )
  const others = objects.filter(
    (object) =>
      !isReferredTo(object) &&
      !workloads.has(`${object.manifest.source} ${object.manifest.start} ${object.path}`),
  )
  const pairs = others.flatMap((object) => namesIn(object.object).map((name) => ({ name, object })))
  return new Map(
    [...Map.groupBy(pairs, ({ name }) => name)].map(([name, some]) => [
      name,
      some.map(({ object }) => object),
    ]),
  )
}

/**
 * Returns the names in members called `secretProviderClass` or `secretProviderClassName`, and all words of texts that mention classes, such as Helm
 * values or patches.
 */
const namesIn = (value: unknown): readonly string[] =>
  [...valuesIn(value)].flatMap((inner) => {
    if (typeof inner === 'string')
      return /secretProviderClass/i.test(inner) ? (inner.match(nameLike) ?? []) : []
    if (!isObject(inner)) return []
    const names = [inner['secretProviderClass'], inner['secretProviderClassName']]
    return names.filter((name) => typeof name === 'string')
  })
