import type { OwnInstall } from '../plan/facts.ts'
import type { Tools } from '../tools/tools.ts'
import { showCall } from './own-install.ts'

/** Absent: there is no such chart, or Helm doesn’t say. */
export interface ChartVersions {
  readonly chart: string | undefined
  readonly upgradeFrom: string | undefined
}

/** Reads the versions of the charts that a run installs. */
export async function readChartVersions(
  { chart, upgradeFrom }: OwnInstall,
  tools: Tools,
): Promise<ChartVersions> {
  const versionOf = async (one: string) =>
    /^version: (.*)$/m.exec((await tools.run(showCall(one))).stdout)?.[1]
  return {
    chart: await versionOf(chart),
    upgradeFrom: upgradeFrom === undefined ? undefined : await versionOf(upgradeFrom),
  }
}
