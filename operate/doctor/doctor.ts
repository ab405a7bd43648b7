import type { ExitCode } from '../../command/exit-code.ts'
import { type ClusterOptions, openCluster } from '../cluster/open-cluster.ts'
import { checkCluster } from './check-cluster.ts'
import { readFacts } from './read/read-facts.ts'
import { type RepeatOptions, repeatUntilHealthy } from './repeat-until-healthy.ts'

interface DoctorOptions extends ClusterOptions, RepeatOptions {
  /** Where akv-injector is installed, if that can't be found out. */
  readonly installNamespace?: string
}

/**
 * `akv-injector doctor`: checks an install and its surroundings, and changes nothing.
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
