/** Where values are delivered: the agent writes files, and Secret sync writes Secrets. Pure. */

import type { Wanted, WantedFile } from './contract.ts'
import { fileKey, partNames } from './target-path.ts'

export type Destination = FileDestination | SecretDestination

export interface FileDestination {
  readonly kind: 'file'
  /** The name of a served volume. Absent: the volume for our own files. */
  readonly volume?: string | undefined
  readonly path: string
  /** The permission bits, as `0o444`. */
  readonly mode: number
}

type SecretDestination =
  /** Without a key, the value fills the Secret (`tls/`, `#*`): each of its parts has a key of its own. */
  | { readonly kind: 'key'; readonly secret: string; readonly key?: string }
  /** One of the values that a Secret's keys are made of, or a property of it. */
  | {
      readonly kind: 'input'
      readonly secret: string
      readonly index: number
      readonly property?: string
    }

/** A value for a Secret. */
export interface SecretValue extends Wanted {
  readonly to: SecretDestination
}

/** Identifies a destination among all of the same pod or account. Neither names of Secrets nor keys contain a slash. */
export function destinationKey(to: Destination): string {
  switch (to.kind) {
    case 'file':
      return fileKey(to.path, to.volume)
    case 'key':
      return to.key === undefined ? to.secret : `${to.secret}/${to.key}`
    case 'input': {
      const input = `${to.secret}/#${to.index}`
      return to.property === undefined ? input : `${input}/${to.property}`
    }
    default:
      return to satisfies never
  }
}

/** The destination of a part of a value that has several, such as a property of "#*". */
export function partOf(to: Destination, name: string): Destination {
  switch (to.kind) {
    case 'file':
      return { ...to, path: to.path === '.' ? name : `${to.path}/${name}` }
    case 'key':
      return { ...to, key: name }
    case 'input':
      return { ...to, property: name }
    default:
      return to satisfies never
  }
}

/** The Secret that a value belongs to. Undefined if it is a file. */
export const secretOf = (to: Destination): string | undefined =>
  to.kind === 'file' ? undefined : to.secret

/** A value with its destination. */
export interface Target extends Wanted {
  readonly to: Destination
}

/** A configuration whose files are of a pod, or values for Secrets. */
export interface Targets {
  readonly files: readonly (WantedFile | SecretValue)[]
  /** Absent if none of them is a file. */
  readonly fileMode?: string
}

const readableByAll = '0444'

export const targetsOf = ({ files, fileMode = readableByAll }: Targets): readonly Target[] =>
  files.map((file) => ('to' in file ? file : { ...file, to: fileDestination(file, fileMode) }))

export const fileDestination = (
  { volume, path, mode }: Pick<WantedFile, 'volume' | 'path' | 'mode'>,
  fileMode: string,
): FileDestination => ({
  kind: 'file',
  path,
  mode: Number.parseInt(mode ?? fileMode, 8),
  ...(volume !== undefined && { volume }),
})

/** The keys of the parts of a value whose names are known before it is fetched. */
export function claimedKeys(target: Target): readonly string[] {
  const { to } = target
  const destinations = partNames(target)?.map((name) => partOf(to, name)) ?? [to]
  return destinations.map(destinationKey)
}
