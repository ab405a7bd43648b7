import { type JsonObject, objectAt } from '../../../lib/shape.ts'
import { parseTeamDefaults } from '../../../requests/administrator/defaults/team-defaults.ts'
import type { TeamDefaults } from '../../../requests/administrator/policy.ts'
import { findWebhooks } from '../../cluster/find-webhook.ts'
import { pathOfKind } from '../../cluster/list-all.ts'
import { createNotices } from '../../cluster/notices.ts'
import type { Cluster } from '../../cluster/open-cluster.ts'
import type { AgentImages } from '../../cluster/pods/agent-images.ts'
import { type AgentImageOptions, agentImagesOf } from '../../cluster/pods/find-agent-images.ts'
import {
  componentOf,
  findInstall,
  type Install,
  type InstallComponent,
} from '../model/find-install.ts'
import { selectsNamespace } from '../model/label-selector.ts'
import { textAt, timeAt } from '../model/objects.ts'
import type { WorkloadFacts } from '../model/workload-facts.ts'
import { kinds } from './kinds.ts'
import { listReadable, type ReadScope } from './list-readable.ts'

interface SeenWebhook
  extends Pick<
    WorkloadFacts,
    | 'settings'
    | 'teamDefaults'
    | 'isExcluded'
    | 'configuredAtMs'
    | 'volumesServed'
    | 'namespaceObject'
  > {
  /** The images that run agents. Undefined if they aren't known. */
  readonly images: AgentImages | undefined
}

/**
 * Reads what the install's configuration means for the pods of a namespace. All of it is optional, because the caller
 * may not be allowed to read it.
 */
export async function readWebhook(
  cluster: Cluster,
  { namespace, installNamespace, agentImage }: AgentImageOptions & { readonly namespace: string },
): Promise<SeenWebhook> {
  const silently = { ...cluster, notices: createNotices() }
  const scope: ReadScope = {
    namespaces: [],
    isServed: () => true,
    partly: new Map(),
    broken: new Set(),
  }
  const [mutatingConfigurations, webhooks, found] = await Promise.all([
    listReadable(silently, kinds.mutatingConfigurations, { scope }),
    findWebhooks(silently, { installNamespace }),
    // With the ClusterRole `view` in a namespace, the caller may get that Namespace object.
    cluster
      .get(`${pathOfKind(kinds.namespaces, undefined)}/${encodeURIComponent(namespace)}`)
      .then(objectAt, () => undefined),
  ])
  const install = findInstall({ mutatingConfigurations, deployments: undefined }, {})
  const [webhook] = webhooks?.value.flatMap(componentOf) ?? []
  return {
    settings: webhook?.env,
    teamDefaults: webhook && (await readTeamDefaults(cluster, webhook)),
    images: agentImage ? { by: 'options', value: agentImage } : agentImagesOf(webhooks),
    isExcluded:
      found === undefined || install.entries.length === 0
        ? undefined
        : !install.entries.some((entry) => selectsNamespace(entry, found)),
    configuredAtMs: configuredAt(install),
    volumesServed: volumesServed(install, found),
    namespaceObject: found,
  }
}

/** The chart's ConfigMap, if the webhook reads it. Undefined if it can't be read. */
async function readTeamDefaults(
  cluster: Cluster,
  { env, namespace }: InstallComponent,
): Promise<TeamDefaults | undefined> {
  if (env['AKV_INJECTOR_DEFAULTS_FILE'] === undefined) return undefined
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/akv-injector-defaults`
  const configMap = await cluster.get(path).then(objectAt, () => undefined)
  const parsed = parseTeamDefaults(textAt(configMap, 'data', 'defaults.yaml'))
  return parsed.kind === 'valid' ? parsed.value : undefined
}

function configuredAt({ configurations }: Install): number | null | undefined {
  if (configurations === undefined) return undefined
  const [first] = configurations
  return first === undefined ? null : timeAt(first, 'metadata', 'creationTimestamp')
}

/** Where the webhook serves volumes of the CSI driver: in this namespace, only in others, or nowhere. */
function volumesServed(
  { configurations, entries }: Install,
  namespace: JsonObject | undefined,
): WorkloadFacts['volumesServed'] {
  const serving = entries.filter((entry) =>
    textAt(entry, 'clientConfig', 'service', 'path').endsWith('/csi'),
  )
  if (configurations === undefined) return undefined
  if (serving.length === 0) return 'nowhere'
  if (namespace === undefined) return undefined
  return serving.some((entry) => selectsNamespace(entry, namespace)) ? 'here' : 'elsewhere'
}
