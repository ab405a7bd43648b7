import type { ExitCode } from '../../command/exit-code.ts'
import { foldWidth } from '../../lib/terminal/fold-width.ts'
import { type ClusterOptions, openCluster } from '../cluster/open-cluster.ts'
import { parseTarget } from './model/target.ts'
import { readWorkload, type WorkloadOptions } from './read/read-workload.ts'
import { type RepeatOptions, repeatUntilHealthy } from './repeat-until-healthy.ts'
import { reportWorkload } from './workload/report-workload.ts'

interface DoctorWorkloadOptions extends ClusterOptions, WorkloadOptions, RepeatOptions {}

/**
 * `akv-injector doctor pod NAME`: explains why a pod or the pods of a workload don't start, or why they are stale.
 *
 * @param words - `pod NAME` or `KIND/NAME`
 * @returns 1 if something fails
 * @throws InputError if the workload can't be read
 */
export async function doctorWorkload(
  words: readonly string[],
  options: DoctorWorkloadOptions,
): Promise<ExitCode> {
  const target = parseTarget(words)
  return await repeatUntilHealthy(options, async () => {
    const cluster = openCluster(options)
    const facts = await readWorkload(cluster, { ...options, target })
    const width = options.output === 'text' ? foldWidth(process.stdout) : undefined
    return reportWorkload(facts, { notices: cluster.notices.all(), width })
  })
}
