import type { WatchMode } from '../../requests/administrator/watch-mode.ts'
import type { SourceKind } from '../../requests/secret/source-ref.ts'
import type { NeededAccess } from '../cluster/cluster-port.ts'

const operator = 'external-secrets.io'
const accesses = (
  verbs: readonly string[],
  { group, resources }: { readonly group: string; readonly resources: readonly string[] },
): readonly NeededAccess[] =>
  resources.flatMap((resource) => verbs.map((verb) => ({ verb, group, resource })))

/** What the controller needs in each of its namespaces, besides the tokens and the statuses of accounts. */
export function syncNeeds({
  kinds,
  watch,
}: {
  readonly kinds: readonly SourceKind[]
  readonly watch: WatchMode
}): readonly NeededAccess[] {
  const reads = ['list', 'watch']
  const classes = { group: 'secrets-store.csi.x-k8s.io', resources: ['secretproviderclasses'] }
  const external = { group: operator, resources: ['externalsecrets', 'secretstores'] }
  const statuses = external.resources.map((resource) => `${resource}/status`)
  const hasExternal = kinds.includes('ExternalSecret')
  return [
    ...accesses(['get', 'create', 'patch', 'delete'], { group: '', resources: ['secrets'] }),
    ...accesses(['create'], { group: '', resources: ['events'] }),
    ...(hasExternal ? accesses(['patch'], { group: operator, resources: statuses }) : []),
    ...(watch === 'namespaces'
      ? [
          ...accesses(reads, { group: '', resources: ['serviceaccounts'] }),
          ...(kinds.includes('SecretProviderClass') ? accesses(reads, classes) : []),
          ...(hasExternal ? accesses(reads, external) : []),
        ]
      : []),
  ]
}
