/**
 * The target of an entry: one key of a Secret. An entry that fills its Secret (`tls/`, `#*`) writes several keys, so
 * its target has no key.
 */
interface SecretTarget {
  readonly secret: string
  readonly key?: string
}

/**
 * Encodes a target as the path of a file, so that the agent's code can render Secrets as it renders volumes: `SECRET/KEY`,
 * or `SECRET` for an entry that fills the Secret. Neither names of Secrets nor keys contain a slash.
 */
export const encodeTarget = ({ secret, key }: SecretTarget): string =>
  key === undefined ? secret : `${secret}/${key}`

/** Decodes the result of {@link encodeTarget}. */
export function decodeTarget(path: string): SecretTarget {
  const slash = path.indexOf('/')
  return slash < 0 ? { secret: path } : { secret: path.slice(0, slash), key: path.slice(slash + 1) }
}
