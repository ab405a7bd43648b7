import type { Manifest } from '../rendered.ts'
import { assertKnownFields } from './known-fields.ts'

/** Verbs by what they are allowed for, such as `team-a: any secrets`, or `cluster: nodes.metrics.k8s.io NAME`. */
export type Permissions = Readonly<Record<string, string>>

/** Returns what the roles and bindings allow to each ServiceAccount, user or group. */
export function permissionsBySubject(
  objects: readonly Manifest[],
): Readonly<Record<string, Permissions>> {
  const found: Record<string, Record<string, string>> = {}
  const ofRbac = objects.filter(({ apiVersion }) => apiVersion === 'rbac.authorization.k8s.io/v1')
  for (const { kind, metadata, roleRef, subjects } of ofRbac) {
    if (!kind.endsWith('Binding')) continue
    const where = kind === 'RoleBinding' ? metadata.namespace : 'cluster'
    const role = ofRbac.find(
      (object) =>
        object.kind === roleRef.kind &&
        object.metadata.name === roleRef.name &&
        object.metadata.namespace === (roleRef.kind === 'Role' ? where : undefined),
    )
    for (const { kind, name, namespace } of subjects) {
      const subject = kind === 'ServiceAccount' ? `${namespace}/${name}` : `${kind} ${name}`
      found[subject] ??= {}
      for (const [what, verb] of grants(role)) {
        const verbs = found[subject][`${where}: ${what}`]?.split(' ') ?? []
        found[subject][`${where}: ${what}`] = [...new Set([...verbs, verb])].sort().join(' ')
      }
    }
  }
  return found
}

/** Each thing that a role is about, with one verb. */
function grants(role: Manifest): readonly (readonly [string, string])[] {
  assertKnownFields(role, ['apiVersion', 'kind', 'metadata', 'rules'])
  return role.rules.flatMap((rule: Manifest) => {
    assertKnownFields(rule, ['apiGroups', 'resources', 'resourceNames', 'verbs'])
    const { apiGroups, resources, resourceNames = [], verbs } = rule
    // To RBAC, an empty list of names means any name.
    const names = resourceNames.length > 0 ? resourceNames : [undefined]
    return apiGroups.flatMap((group: string) =>
      resources.flatMap((resource: string) => {
        const kind = group === '' ? resource : `${resource}.${group}`
        return names.flatMap((name?: string) =>
          verbs.map((verb: string) => [
            name === undefined ? `any ${kind}` : `${kind} ${name}`,
            verb,
          ]),
        )
      }),
    )
  })
}
