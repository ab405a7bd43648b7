/** What Kubernetes demands of the types that it knows; any other type may hold anything. */

import type { Parsed } from '../../lib/parsed.ts'
import { annotationPrefix } from '../../webhook/core/annotations/own-annotations.ts'

export const opaqueType = 'Opaque'

/** Made for what they are by others, and worth a cluster: nobody needs them from a vault. */
const forbiddenTypes: ReadonlyMap<string, string> = new Map([
  ['kubernetes.io/service-account-token', 'Kubernetes itself fills Secrets of this type'],
  ['bootstrap.kubernetes.io/token', 'a Secret of this type lets nodes into the cluster'],
])

/** Reads the type of a Secret as an annotation has it. */
export function parseSecretType(type: unknown): Parsed<string> {
  if (typeof type !== 'string' || !/^[0-9A-Za-z][-./\w]{0,252}$/.test(type))
    return { problem: 'expected the type of a Secret, such as kubernetes.io/tls' }
  if (type.startsWith(annotationPrefix))
    return { problem: 'the controller keeps its records as such types; choose another' }
  const reason = forbiddenTypes.get(type)
  return reason === undefined ? { value: type } : { problem: `is refused: ${reason}` }
}

/** Of each group one key at least. */
const requiredKeys: ReadonlyMap<string, readonly (readonly string[])[]> = new Map([
  ['kubernetes.io/tls', [['tls.crt'], ['tls.key']]],
  ['kubernetes.io/dockerconfigjson', [['.dockerconfigjson']]],
  ['kubernetes.io/dockercfg', [['.dockercfg']]],
  ['kubernetes.io/basic-auth', [['username', 'password']]],
  ['kubernetes.io/ssh-auth', [['ssh-privatekey']]],
])

/** The keys that the type needs and that are not there: `tls.key`, `username or password`. */
export function lackingKeys(type: string, keys: { has(key: string): boolean }): readonly string[] {
  const groups = requiredKeys.get(type) ?? []
  return groups
    .filter((group) => !group.some((key) => keys.has(key)))
    .map((group) => group.join(' or '))
}

/** What is wrong with the name of a key, undefined when nothing is: the API server's rule. */
export function dataKeyProblem(key: string): string | undefined {
  if (key.includes('/')) return 'a Secret has keys and no folders: no "/"'
  if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key))
    return 'a key is 1 to 253 letters, digits, "-", "_" and "."'
  // JavaScript's readers of JSON, the controller's own among them, lose it or trip over it.
  if (key === '__proto__') return 'not every program can read a key of this name'
  return key === '.' || key.startsWith('..')
    ? 'a key must not be "." or begin with ".."'
    : undefined
}
