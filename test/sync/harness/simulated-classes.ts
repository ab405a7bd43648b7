import { KindAbsentError } from '../../../sync/cluster/cluster-port.ts'
import { createNamespaceSources } from '../../../sync/namespace/namespace-sources.ts'
import { workNamespace } from '../../../sync/namespace/work-namespace.ts'
import type { AccountEntry } from '../../../sync/round/account-entry.ts'
import type { ReportedSources } from '../../../sync/round/report/report-sources.ts'
import type { KnownSources } from '../../../sync/round/settle/decide-fates.ts'
import type { WorkAccountOptions } from '../../../sync/round/work-account.ts'

const namespace = 'team-a'

/** Reads the SecretProviderClasses of `team-a` before each round, in the place of the controller's watch. */
export function simulatedClasses(options: WorkAccountOptions, listed: readonly string[]) {
  const create = () => ({
    sources: createNamespaceSources({
      ...options,
      namespace,
      listed: new Set(listed),
      onChange: () => undefined,
    }),
    reported: new Map() as ReportedSources,
  })
  let state = create()
  const read = async () => {
    const { classes } = state.sources
    try {
      const { objects } = await options.cluster.listClasses(namespace)
      const names = new Set(objects.map(({ name }) => name))
      for (const { name } of classes.all()) if (!names.has(name)) classes.remove(name)
      for (const object of objects) classes.put(object)
      classes.listed()
    } catch (error) {
      if (!(error instanceof KindAbsentError)) return classes.failed()
      for (const { name } of classes.all()) classes.remove(name)
      classes.absent()
    }
  }
  return {
    sourcesOf: (): KnownSources => ({
      stateOf: state.sources.stateOf,
      serves: options.cluster.servesKind,
    }),
    restart(): void {
      state = create()
    },
    async assign(entries: readonly AccountEntry[]): Promise<void> {
      await read()
      const { reported } = await workNamespace({
        ...options,
        ...state,
        namespace,
        entries: entries.filter(({ isListed }) => isListed),
        onChanged: () => undefined,
      })
      state = { ...state, reported }
    },
  }
}
