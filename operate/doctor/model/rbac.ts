import { type JsonObject, objectsAt, valueAt } from '../../../lib/shape.ts'
import type { NeededAccess } from '../../../requests/access/sync-needs.ts'
import { nameOf, namespaceOf, textAt } from './objects.ts'

/** A rule of a Role. */
export interface Rule {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  /** Empty: all names. */
  readonly resourceNames: readonly string[]
}

/** A ServiceAccount as RBAC sees it. */
export interface Subject {
  readonly namespace: string
  readonly name: string
}

/** Whether a RoleBinding or a ClusterRoleBinding is for a ServiceAccount, by itself, its user name or one of its groups. */
export const isBoundTo = (binding: unknown, { namespace, name }: Subject): boolean =>
  objectsAt(binding, 'subjects').some((subject) => {
    switch (subject['kind']) {
      case 'ServiceAccount':
        return subject['name'] === name && subject['namespace'] === namespace
      case 'User':
        return subject['name'] === `system:serviceaccount:${namespace}:${name}`
      case 'Group':
        return [
          'system:serviceaccounts',
          `system:serviceaccounts:${namespace}`,
          'system:authenticated',
        ].includes(String(subject['name']))
      default:
        return false
    }
  })

/** The key of the Role or ClusterRole that a binding refers to, as {@link keyOfRole} makes it. */
export function keyOfRef(binding: JsonObject): string {
  const name = textAt(binding, 'roleRef', 'name')
  return textAt(binding, 'roleRef', 'kind') === 'ClusterRole'
    ? name
    : `${namespaceOf(binding)}/${name}`
}

/** The key of a Role or of a ClusterRole. Names of roles may contain a slash, but namespaces can't be empty. */
export const keyOfRole = (role: JsonObject): string =>
  namespaceOf(role) === '' ? nameOf(role) : `${namespaceOf(role)}/${nameOf(role)}`

/** The rules of a Role or of a ClusterRole. */
export const rulesOf = (role: unknown): readonly Rule[] =>
  objectsAt(role, 'rules').map((rule) => ({
    verbs: textsAt(rule, 'verbs'),
    apiGroups: textsAt(rule, 'apiGroups'),
    resources: textsAt(rule, 'resources'),
    resourceNames: textsAt(rule, 'resourceNames'),
  }))

const textsAt = (rule: JsonObject, member: string): readonly string[] => {
  const list = valueAt(rule, member)
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : []
}

/**
 * Whether a rule is about this, whatever names it has
 * (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources).
 */
export function concerns(rule: Rule, { verb, group, resource }: NeededAccess): boolean {
  const [, subresource] = resource.split('/')
  const has = (list: readonly string[], ...accepted: readonly string[]) =>
    list.some((entry) => entry === '*' || accepted.includes(entry))
  return (
    has(rule.verbs, verb) &&
    has(rule.apiGroups, group) &&
    has(rule.resources, resource, ...(subresource === undefined ? [] : [`*/${subresource}`]))
  )
}

/** Whether one of the rules allows this, for the name that is needed or for all names. */
export const isPermitted = (rules: readonly Rule[], need: NeededAccess): boolean =>
  rules.some(
    (rule) =>
      concerns(rule, need) &&
      (rule.resourceNames.length === 0 ||
        (need.name !== undefined && rule.resourceNames.includes(need.name))),
  )
