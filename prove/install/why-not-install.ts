import { madeBy, type OwnInstall } from '../plan/facts.ts'
import type { Tools } from '../tools/tools.ts'
import { clusterTypes } from './install-resource.ts'
import { showCall } from './own-install.ts'

/** Why a run can't install. Undefined if it can. */
export async function whyNotInstall(
  { chart, upgradeFrom = chart }: OwnInstall,
  tools: Tools,
): Promise<string | undefined> {
  return (
    (await whyNotChart(chart, tools)) ??
    (await whyNotChart(upgradeFrom, tools)) ??
    (await whyNotHere(tools))
  )
}

async function whyNotChart(chart: string, tools: Tools): Promise<string | undefined> {
  const shown = JSON.stringify(chart.slice(0, 80))
  const { code, stdout } = await tools.run(showCall(chart))
  if (code !== 0)
    return `helm isn’t on the PATH, or can’t read the chart ${shown}; private/calls.log in the folder of the report has what it said. Nothing was changed`
  return /^name: akv-injector$/m.test(stdout)
    ? undefined
    : `${shown} isn’t the chart of akv-injector. Nothing was changed`
}

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
