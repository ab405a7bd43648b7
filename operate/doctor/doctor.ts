import type { ExitCode } from '../../command/exit-code.ts'
import { type ClusterOptions, openCluster } from '../cluster/open-cluster.ts'
import { checkCluster } from './check-cluster.ts'
import { readFacts } from './read/read-facts.ts'
import { type RepeatOptions, repeatUntilHealthy } from './repeat-until-healthy.ts'

interface DoctorOptions extends ClusterOptions, RepeatOptions {
  /** The namespace of akv-injector, for callers who may not read where it is. */
  readonly installNamespace?: string
}

/**
 * `akv-injector doctor`: checks an install and the cluster around it, without changing anything.
 *
 * @returns 1 if a check fails
 * @throws InputError if the cluster can't be reached
 */
export const doctor = (options: DoctorOptions): Promise<ExitCode> =>
  repeatUntilHealthy(options, async () => {
    const cluster = openCluster(options)
    const { facts, install } = await readFacts(cluster, options)
    return checkCluster(facts, { install, notices: cluster.notices.all() })
  })
