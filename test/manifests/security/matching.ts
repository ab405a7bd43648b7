import type { Manifest } from '../rendered.ts'
import { assertKnownFields } from './known-fields.ts'

export type Labels = Readonly<Record<string, string>>

/** A request to the API server, as far as admission looks at it. */
export interface AdmissionRequest {
  /** The user; by default somebody whom no manifest names. */
  readonly user?: string
  readonly operation: string
  /** The API group, by default the core group. */
  readonly group?: string
  /** The version of the API that the caller uses, by default `v1`. */
  readonly version?: string
  /** Such as `pods` or `pods/ephemeralcontainers`. */
  readonly resource: string
  /** Absent for an object of the cluster. */
  readonly namespace?: { readonly name: string; readonly labels?: Labels }
  readonly object?: Manifest
  readonly oldObject?: Manifest
  /** What users may do, such as `USER: create serviceaccounts/token web`. */
  readonly rights?: readonly string[]
}

const lists = (list: readonly string[], value: string) => list.includes('*') || list.includes(value)

function listsResource(resources: readonly string[], resource: string): boolean {
  const [name, subresource] = resource.split('/')
  const patterns = subresource === undefined ? ['*'] : [`${name}/*`, `*/${subresource}`]
  return [resource, '*/*', ...patterns].some((pattern) => resources.includes(pattern))
}

/** Whether one of the rules of a webhook or policy covers a request. */
export function rulesMatch(
  rules: readonly Manifest[],
  { matchPolicy, request }: { readonly matchPolicy?: string; readonly request: AdmissionRequest },
): boolean {
  const { group = '', version = 'v1', operation, resource, namespace } = request
  return rules.some((rule) => {
    assertKnownFields(rule, ['apiGroups', 'apiVersions', 'operations', 'resources', 'scope'])
    const { scope = '*' } = rule
    if (!rule.apiVersions?.length) throw new Error('the API server requires apiVersions')
    return (
      lists(rule.apiGroups, group) &&
      // With Equivalent, the default, the API server converts a request of another version.
      (matchPolicy !== 'Exact' || lists(rule.apiVersions, version)) &&
      lists(rule.operations, operation) &&
      listsResource(rule.resources, resource) &&
      (scope === '*' || scope === (namespace ? 'Namespaced' : 'Cluster'))
    )
  })
}

/** Every kind of request that rules cover, such as `CREATE apps/deployments`. */
export const coveredBy = (rules: readonly Manifest[]): readonly string[] =>
  rules
    .flatMap(({ operations, apiGroups, resources }) =>
      operations.flatMap((operation: string) =>
        apiGroups.flatMap((group: string) =>
          resources.map(
            (resource: string) => `${operation} ${group === '' ? '' : `${group}/`}${resource}`,
          ),
        ),
      ),
    )
    .sort()

/** Whether labels match a selector, as Kubernetes defines it. A missing selector matches everything. */
export function selectorMatches(selector: Manifest | undefined, labels: Labels): boolean {
  assertKnownFields(selector ?? {}, ['matchLabels', 'matchExpressions'])
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {}
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }: Manifest) => {
      const value = labels[key]
      if (operator === 'In') return value !== undefined && values.includes(value)
      if (operator === 'NotIn') return value === undefined || !values.includes(value)
      if (operator === 'Exists') return value !== undefined
      if (operator === 'DoesNotExist') return value === undefined
      throw new Error(`Kubernetes has no operator ${operator}`)
    })
  )
}
