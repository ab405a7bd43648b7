import { madeBy, type OwnInstall } from '../plan/facts.ts'
import type { Tools } from '../tools/tools.ts'
import { clusterTypes } from './install-resource.ts'
import { showCall } from './own-install.ts'

/** The versions in Chart.yaml. `upgradeFrom` is undefined if the run tries no upgrade. */
export interface ChartVersions {
  readonly chart: string | undefined
  readonly upgradeFrom: string | undefined
}

interface Refused {
  readonly kind: 'refused'
  readonly reason: string
}
const refused = (reason: string): Refused => ({ kind: 'refused', reason })

/** Reads the charts of a run, and looks whether it can install them in this cluster. Changes nothing. */
export async function checkInstall(
  { chart, upgradeFrom }: OwnInstall,
  tools: Tools,
): Promise<{ readonly kind: 'possible'; readonly versions: ChartVersions } | Refused> {
  const to = await readChart(chart, tools)
  if (to.kind === 'refused') return to
  const from = upgradeFrom === undefined ? undefined : await readChart(upgradeFrom, tools)
  if (from?.kind === 'refused') return from
  const reason = await whyNotHere(tools)
  if (reason !== undefined) return refused(reason)
  return { kind: 'possible', versions: { chart: to.version, upgradeFrom: from?.version } }
}

async function readChart(
  chart: string,
  tools: Tools,
): Promise<{ readonly kind: 'read'; readonly version: string | undefined } | Refused> {
  const shown = JSON.stringify(chart.slice(0, 80))
  const { code, stdout } = await tools.run(showCall(chart))
  if (code !== 0)
    return refused(
      `helm isn’t on the PATH, or can’t read the chart ${shown}; private/calls.log in the folder of the report has what it said. Nothing was changed`,
    )
  if (!/^name: akv-injector$/m.test(stdout))
    return refused(`${shown} isn’t the chart of akv-injector. Nothing was changed`)
  return { kind: 'read', version: /^version: (.*)$/m.exec(stdout)?.[1] }
}

/** Why the cluster can't take an install. Undefined if it can. */
async function whyNotHere(tools: Tools): Promise<string | undefined> {
  const { code, stdout } = await tools.run(listCall)
  if (code !== 0)
    return 'kubectl can’t list what is installed in the cluster; --chart needs the rights of an administrator. Nothing was changed'
  const others = stdout.split('\n').flatMap(otherOf)
  if (others.length === 0) return undefined
  const more = others.length > most ? ` and ${others.length - most} more` : ''
  return `the cluster has ${others.slice(0, most).join(', ')}${more}. --chart needs a cluster without akv-injector, the Secrets Store CSI Driver and External Secrets. Nothing was changed. Leave out --chart to try an install that is there; delete CRDs that an uninstall has left if nobody needs them`
}

const most = 3

/** A line for each object: its kind, its name and our label. A whole list of CRDs would be too large. */
const listCall = {
  tool: 'kubectl',
  args: [
    ...['get', [...clusterTypes, 'customresourcedefinitions', 'csidrivers'].join()],
    `--output=jsonpath={range .items[*]}{.kind}{" "}{.metadata.name}{" "}{.metadata.labels.${madeBy.replaceAll('.', '\\.')}}{"\\n"}{end}`,
  ],
} as const

/** The names that the charts of akv-injector, the driver and the operator always use. */
const names = [
  /^zz-akv-injector$/,
  /^akv-injector-(certs|sync|webhook|ephemeral|idle|uninjected|unlabelled|unsynced)(-|$)/,
  /^secrets-store\.csi\.k8s\.io$/,
  /^[a-z]+\.secrets-store\.csi\.x-k8s\.io$/,
  /^[a-z]+\.(generators\.)?external-secrets\.io$/,
]

function otherOf(line: string): readonly string[] {
  const [kind = '', name = '', label = ''] = line.split(' ')
  return label === '' && names.some((one) => one.test(name)) ? [`${kind} ${name}`] : []
}
