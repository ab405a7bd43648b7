import { answerOf } from '../../../kubernetes/answers.ts'
import { reasonOf } from '../../../lib/reason-of.ts'
import { isObject, type JsonObject, objectAt, valueAt } from '../../../lib/shape.ts'
import { mayRead } from '../../cluster/may-read.ts'
import type { DryRun } from '../model/cluster-facts.ts'
import type { Install } from '../model/find-install.ts'
import { selectsNamespace } from '../model/label-selector.ts'
import { nameOf } from '../model/objects.ts'
import type { ReadingCluster } from './list-readable.ts'

/**
 * Creates an annotated pod as a dry run: the API server calls the webhook, and stores nothing. The answer alone shows
 * whether the API server can reach the webhook and trusts it.
 */
export async function tryDryRun(
  cluster: ReadingCluster & { readonly namespace: string | undefined },
  {
    install,
    namespaces,
  }: { readonly install: Install; readonly namespaces: readonly JsonObject[] | undefined },
): Promise<DryRun> {
  // Without a webhook configuration, no webhook is called. Another check reports that.
  if (install.configurations?.length === 0) return { kind: 'none', sentence: '' }
  const namespace = chooseNamespace(cluster.namespace ?? 'default', { install, namespaces })
  if (namespace === undefined) return { kind: 'left-alone' }
  const right = {
    what: 'the answer of the webhook to a dry run',
    verb: 'create',
    group: '',
    resource: 'pods',
    namespace,
  }
  if (!(await mayRead(cluster, right))) return { kind: 'none', sentence: '' }
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`
    const pod = await cluster.post(path, podFor(install), { dryRun: 'All' })
    return { kind: 'created', namespace, pod: isObject(pod) ? pod : {} }
  } catch (error) {
    const answer = answerOf(error)
    if (answer === undefined)
      return {
        kind: 'none',
        sentence: `whether the webhook answers: a dry run in namespace ${namespace} failed: ${reasonOf(error)}`,
      }
    const { message } = answer.said
    return {
      kind: 'refused',
      namespace,
      status: answer.status,
      message: typeof message === 'string' ? message : 'no reason given',
    }
  }
}

/** Chooses a namespace whose pods are sent to the webhook, preferably the given one. */
function chooseNamespace(
  given: string,
  {
    install: { entries },
    namespaces,
  }: { readonly install: Install; readonly namespaces: readonly JsonObject[] | undefined },
): string | undefined {
  if (namespaces === undefined || entries.length === 0) return given
  const names = namespaces.filter((one) => entries.some((entry) => reaches(entry, one))).map(nameOf)
  return [given, 'default'].find((name) => names.includes(name)) ?? names.toSorted()[0]
}

const reaches = (entry: JsonObject, namespace: JsonObject): boolean =>
  valueAt(namespace, 'metadata', 'deletionTimestamp') === undefined &&
  selectsNamespace(entry, namespace)

/** A pod that passes Pod Security `restricted` and fits into most quotas. */
function podFor({ entries, components: { webhook } }: Install): object {
  const labels = Object.assign(
    {},
    ...entries.map((entry) => objectAt(entry, 'objectSelector', 'matchLabels')),
  )
  const resources = { cpu: '1m', memory: '16Mi' }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'akv-injector-doctor-',
      labels,
      annotations: {
        'akv-injector.io/vault': 'akv-injector-doctor',
        'akv-injector.io/secrets': 'akv-injector-doctor',
      },
    },
    spec: {
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'app',
          image: webhook?.env['AKV_INJECTOR_AGENT_IMAGE'] ?? 'registry.k8s.io/pause',
          resources: { requests: resources, limits: resources },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  }
}
