import type { WatchMode } from '../administrator/watch-mode.ts'
import type { SourceKind } from '../secret/source-ref.ts'

/** One thing that the controller may do or not. */
export interface NeededAccess {
  readonly verb: string
  readonly group: string
  /** With a subresource: `serviceaccounts/token`. */
  readonly resource: string
  /** Absent: any name. */
  readonly name?: string | undefined
}

/** What enables an account: a rule that lets the controller create its tokens. */
export const tokens = { verb: 'create', group: '', resource: 'serviceaccounts/token' } as const

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
