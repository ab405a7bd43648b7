import type { AgentConfig } from '../contract.ts'
import { claimedKeys, destinationKey, type Target, targetsOf } from '../destination.ts'
import { tlsFileNames } from '../target-path.ts'
import type { Content } from './project-content.ts'

/** Whether the content has everything that the pod needs to start. */
export function isComplete(config: AgentConfig, { files, env }: Content): boolean {
  // A set is only ever written whole. A file that is missing from it was removed after its object was deleted.
  const mayLack = config.onDeleted === 'remove'
  const hasRequiredFiles = indexFiles(files)
  // A JSON object without properties has no files.
  const mayBeEmpty = ({ optional, property }: Target) => optional === true || property === '*'
  return (
    targetsOf(config).every((file) => mayLack || mayBeEmpty(file) || hasRequiredFiles(file)) &&
    config.templates.every(({ path }) => mayLack || files.has(path)) &&
    config.env.every(({ variable, optional }) => optional === true || env.has(variable))
  )
}

/**
 * Prepares to find the files of many targets. Searching all files for each "#*" would take quadratic time.
 *
 * @returns whether a target's files are there. A certificate may come without a `ca.crt`, and a history may have one version
 *   only
 */
export function indexFiles(files: Content['files']): (target: Target) => boolean {
  let folders: ReadonlySet<string> | undefined
  return (target) => {
    if (target.property === '*') {
      folders ??= new Set([...files.keys()].map(folderOf))
      return folders.has(destinationKey(target.to))
    }
    const claimed = claimedKeys(target)
    const required =
      target.object.type === 'tls'
        ? claimed.slice(0, tlsFileNames.indexOf('ca.crt'))
        : claimed.slice(0, 1)
    return required.every((key) => files.has(key))
  }
}

const folderOf = (key: string): string => key.slice(0, Math.max(0, key.lastIndexOf('/')))

/** The variables, and the keys of files, that were added, removed, or have another value. */
export function changedTargets(before: Content, after: Content): readonly string[] {
  const changed = <T>(
    a: ReadonlyMap<string, T>,
    b: ReadonlyMap<string, T>,
    bytesOf: (value: T) => Uint8Array,
  ) =>
    [...new Set([...a.keys(), ...b.keys()])].filter((name) => {
      const [old, now] = [a.get(name), b.get(name)]
      return !old || !now || Buffer.compare(bytesOf(old), bytesOf(now)) !== 0
    })
  return [
    ...changed(before.env, after.env, (bytes) => bytes),
    ...changed(before.files, after.files, ({ bytes }) => bytes),
  ]
}
