import type { WatchMode } from '../../../requests/administrator/watch-mode.ts'
import type { SourceKind } from '../../../requests/secret/source-ref.ts'
import type { Install } from './find-install.ts'

/** The settings of the Secret sync controller, from the arguments of its container. */
interface SyncSettings {
  readonly watch: WatchMode
  readonly kinds: readonly SourceKind[]
}

/** Undefined if Secret sync is off. */
export function syncSettings({ components: { sync } }: Install): SyncSettings | undefined {
  if (sync === undefined) return undefined
  const { args } = sync
  const watch =
    args.includes('--watch=namespaces') || args[args.indexOf('--watch') + 1] === 'namespaces'
  return {
    watch: watch ? 'namespaces' : 'cluster',
    kinds: [
      ...(args.includes('--classes') ? (['SecretProviderClass'] as const) : []),
      ...(args.includes('--external-secrets') ? (['ExternalSecret'] as const) : []),
    ],
  }
}
