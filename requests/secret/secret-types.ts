/** Kubernetes' requirements for the Secret types that it knows. Secrets of other types may contain anything. */

import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { annotationPrefix } from '../annotations/keys/own-annotations.ts'
import { trustedMetadata } from './trusted-metadata.ts'

export const opaqueType = 'Opaque'

/** Checks the type of a requested Secret. */
export function parseSecretType(type: unknown): Parsed<string> {
  if (typeof type !== 'string' || !/^[0-9A-Za-z][-./\w]{0,252}$/.test(type))
    return invalid('expected the type of a Secret, such as kubernetes.io/tls')
  if (type.startsWith(annotationPrefix))
    return invalid('the controller uses such types for its records; choose another type')
  const reason = trustedMetadata.types.get(type)
  return reason === undefined ? valid(type) : invalid(`is refused: ${reason}`)
}

/** A Secret of the type needs at least one key of each group. */
const requiredKeys: ReadonlyMap<string, readonly (readonly string[])[]> = new Map([
  ['kubernetes.io/tls', [['tls.crt'], ['tls.key']]],
  ['kubernetes.io/dockerconfigjson', [['.dockerconfigjson']]],
  ['kubernetes.io/dockercfg', [['.dockercfg']]],
  ['kubernetes.io/basic-auth', [['username', 'password']]],
  ['kubernetes.io/ssh-auth', [['ssh-privatekey']]],
])

/** The keys that the type requires and that are missing: `tls.key`, `username or password`. */
export function lackingKeys(type: string, keys: { has(key: string): boolean }): readonly string[] {
  const groups = requiredKeys.get(type) ?? []
  return groups
    .filter((group) => !group.some((key) => keys.has(key)))
    .map((group) => group.join(' or '))
}

/** Why a name isn't a valid key by the API server's rules; undefined if it is. */
export function dataKeyProblem(key: string): string | undefined {
  if (key.includes('/')) return 'a key of a Secret must not contain "/"'
  if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key))
    return 'a key is 1 to 253 letters, digits, "-", "_" and "."'
  // JSON parsers in JavaScript, including the controller's own, drop this key or misread it.
  if (key === '__proto__') return 'not every program can read a key of this name'
  return key === '.' || key.startsWith('..')
    ? 'a key must not be "." or begin with ".."'
    : undefined
}
