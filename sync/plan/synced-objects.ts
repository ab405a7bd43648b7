import type { AgentConfig } from '../../init-agent/contract.ts'
import { hasRequiredFiles } from '../../init-agent/projection/compare-content.ts'
import type { Content } from '../../init-agent/projection/project-content.ts'
import { objectKey } from '../../init-agent/projection/wanted-objects.ts'
import type { ObjectReference } from '../../keyvault/reference.ts'
import { filesOfSecret } from './secret-data.ts'

/** An object that a Secret is made of, and the version of it that is there now, as far as this is known. */
export interface SyncedObject {
  readonly reference: ObjectReference
  readonly version?: string
  /** The Secret holds something for it, be it another object's value that stays until this one has been fetched. */
  readonly hasValue: boolean
}

/**
 * The objects of one Secret.
 *
 * @param round - `versions`: by `objectKey`, of what the content holds; after a restart nobody knows some yet. `gone`:
 *   what the vault doesn't have, and whose values are removed if `on-deleted` says so
 */
export function syncedObjects(
  name: string,
  round: {
    readonly config: AgentConfig
    readonly versions: ReadonlyMap<string, string>
    readonly gone: Pick<ReadonlySet<string>, 'has'>
    readonly content: Pick<Content, 'files'>
  },
): readonly SyncedObject[] {
  const { config, versions, gone, content } = round
  return filesOfSecret(name, config).flatMap((file) => {
    const { object: reference } = file
    if (config.onDeleted === 'remove' && gone.has(objectKey(reference, file))) return []
    const version = versions.get(objectKey(reference))
    const hasValue = hasRequiredFiles(file, content.files)
    return [{ reference, hasValue, ...(version !== undefined && { version }) }]
  })
}

/**
 * The objects as the annotation `akv-injector.io/synced` lists them: `team-a:db-password@0123…, team-a:tls/web@4567…`.
 *
 * @param options - `before`: the annotation as it is, which still holds for objects of which no version is known;
 *   `areKeysKept`: keys stay that no entry gives any more
 */
export function syncedText(
  objects: readonly SyncedObject[],
  options: {
    readonly before?: string | undefined
    readonly areKeysKept?: boolean | undefined
  } = {},
): string {
  const { before = '', areKeysKept = false } = options
  const known = before.split(', ').filter((entry) => entry !== '')
  const entriesOf = ({ reference, version }: SyncedObject) => {
    const place = `${placeOf(reference)}@`
    return version === undefined
      ? known.filter((entry) => entry.startsWith(place))
      : [place + version]
  }
  const entries = objects.flatMap(entriesOf)
  // A key whose entry was changed keeps its value until the new object has been fetched: nobody knows whose it was.
  const isOfOthers = objects.some((object) => object.hasValue && entriesOf(object).length === 0)
  const places = objects.map(({ reference }) => `${placeOf(reference)}@`)
  const others = known.filter((entry) => !places.some((place) => entry.startsWith(place)))
  const kept = areKeysKept || isOfOthers ? others : []
  return [...new Set([...entries, ...kept])].sort().join(', ')
}

/** Names compare without regard to case: one object, one entry. */
function placeOf({ vault, type, name }: ObjectReference): string {
  return `${vault}:${type === 'secret' ? '' : `${type}/`}${name.toLowerCase()}`
}
