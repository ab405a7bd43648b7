import { type JsonObject, objectAt, objectsAt } from '../../../lib/shape.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import {
  annotationPrefix,
  syncKey,
  syncStatusKey,
} from '../../../requests/annotations/keys/own-annotations.ts'
import { recordAnnotation } from '../../../requests/rollouts/rollout-names.ts'
import { agentLabel } from '../../../webhook/core/injection/agent-label.ts'
import { asClusterError } from '../../cluster/open-cluster.ts'
import type { ClusterFacts } from '../model/cluster-facts.ts'
import { certificateMode, findInstall, type Install, isOfInstall } from '../model/find-install.ts'
import { asksByAnnotations, hasController, hasDriverVolume } from '../model/is-annotated.ts'
import { labelsOf } from '../model/label-selector.ts'
import { templateOf, textAt } from '../model/objects.ts'
import { kinds } from './kinds.ts'
import {
  listReadable,
  type ReadingCluster,
  type ReadScope,
  servedKinds,
  withoutManagers,
} from './list-readable.ts'
import { readInstalledObjects } from './read-installed.ts'
import { readServedCertificate } from './read-served-certificate.ts'
import { readSyncRights } from './read-sync-rights.ts'
import { tryDryRun } from './try-dry-run.ts'

/** The cluster that `doctor` reads. */
type DoctorCluster = ReadingCluster & {
  readonly namespace: string | undefined
  readonly wallMs: () => number
}

interface ReadFacts {
  readonly facts: ClusterFacts
  readonly install: Install
}

/**
 * Reads everything that the checks need, as far as the caller may. A notice names each kind that could not be read.
 *
 * @param options - `installNamespace`: where akv-injector is, if the caller says so
 * @throws InputError if the API server doesn't answer
 */
export async function readFacts(
  cluster: DoctorCluster,
  { installNamespace }: { readonly installNamespace?: string | undefined },
): Promise<ReadFacts> {
  const version = await cluster.get('/version').catch((error: unknown) => {
    throw asClusterError('the version of the API server', error)
  })
  const { namespace = 'default', notices } = cluster
  const scope: ReadScope = {
    namespaces: [
      ...new Set([namespace, ...(installNamespace === undefined ? [] : [installNamespace])]),
    ],
    isServed: await servedKinds(cluster),
    partly: new Map(),
    broken: new Set(),
  }
  const objects = await readObjects(cluster, scope)
  const install = findInstall(objects, {
    namespace: installNamespace,
    readable: scope.partly.get(kinds.deployments.resource),
  })
  const common = {
    ...objects,
    broken: [...scope.broken],
    seesAllPods: objects.pods !== undefined && !scope.partly.has(kinds.pods.resource),
    nowMs: cluster.wallMs(),
    serverVersion: textAt(version, 'gitVersion'),
  }
  const [set, servedCertificate, certificates, dryRun, syncRights] = await Promise.all([
    readInstalledObjects(cluster, install),
    readServedCertificate(cluster, install),
    readCertificates(cluster, { scope, install }),
    tryDryRun(cluster, { install, namespaces: objects.namespaces }),
    readSyncRights(cluster, { install, accounts: objects.accounts, scope, namespace }),
  ])
  for (const sentence of partlyRead(scope)) notices.say(sentence)
  return {
    facts: { ...common, ...set, servedCertificate, certificates, dryRun, syncRights },
    install,
  }
}

/** Notices about the resources that could be read only in some namespaces, or nowhere. */
function partlyRead({ namespaces, partly }: ReadScope): readonly string[] {
  const resources = [...partly.keys()].toSorted()
  return namespaces.flatMap((namespace) => {
    const { true: read = [], false: missing = [] } = Object.groupBy(resources, (resource) =>
      String(partly.get(resource)?.includes(namespace) === true),
    )
    return [
      ...(read.length === 0
        ? []
        : [`only in namespace ${namespace}, these could be read: ${read.join(', ')}`]),
      ...(missing.length === 0
        ? []
        : [`the right to list these in namespace ${namespace} is missing: ${missing.join(', ')}`]),
    ]
  })
}

async function readObjects(cluster: ReadingCluster, scope: ReadScope) {
  const list = (kind: (typeof kinds)[keyof typeof kinds], keep = withoutManagers as Keeping) =>
    listReadable(cluster, kind, { scope, keep })
  const workloads = await Promise.all(
    [kinds.statefulSets, kinds.jobs, kinds.cronJobs].map((kind) => list(kind, keepAnnotated)),
  )
  const isUnknown = workloads.every((some) => some === undefined)
  const [nodes, namespaces, mutatingConfigurations, policies, policyBindings, drivers] =
    await Promise.all([
      list(kinds.nodes),
      list(kinds.namespaces),
      list(kinds.mutatingConfigurations),
      list(kinds.policies),
      list(kinds.policyBindings),
      list(kinds.drivers),
    ])
  const [deployments, daemonSets, pods, accounts] = await Promise.all([
    list(kinds.deployments, keepDeployment),
    list(kinds.daemonSets, keepAnnotated),
    list(kinds.pods, keepPod),
    list(kinds.accounts, keepAccount),
  ])
  const [classes, classMounts, externalSecrets, podMonitors, serviceMonitors, rules] =
    await Promise.all([
      list(kinds.classes, keepClass),
      list(kinds.classMounts),
      list(kinds.externalSecrets, keepStatus),
      list(kinds.podMonitors),
      list(kinds.serviceMonitors),
      list(kinds.rules, keepMetadata),
    ])
  return {
    ...{ nodes, namespaces, mutatingConfigurations, policies, policyBindings, drivers },
    ...{ deployments, daemonSets, pods, accounts },
    ...{ classes, classMounts, externalSecrets, podMonitors, serviceMonitors, rules },
    otherWorkloads: isUnknown ? undefined : workloads.flatMap((some) => some ?? []),
  }
}

type Keeping = (object: JsonObject) => JsonObject | undefined

const keepAnnotated: Keeping = (workload) =>
  asksByAnnotations(templateOf(workload)) || hasDriverVolume(templateOf(workload))
    ? withoutManagers(workload)
    : undefined

const keepDeployment: Keeping = (deployment) =>
  isOfInstall(deployment) || labelsOf(deployment)['app.kubernetes.io/name'] === 'external-secrets'
    ? withoutManagers(deployment)
    : keepAnnotated(deployment)

const keepPod: Keeping = (pod) =>
  isOfInstall(pod) ||
  labelsOf(pod)[agentLabel] !== undefined ||
  asksByAnnotations(pod) ||
  (hasDriverVolume(pod) && !hasController(pod))
    ? withoutManagers(pod)
    : undefined

const keepAccount: Keeping = (account) =>
  [annotationPrefix + syncKey, annotationPrefix + syncStatusKey, recordAnnotation].some(
    (key) => annotationsOf(account)[key] !== undefined,
  )
    ? withoutManagers(account)
    : undefined

const keepClass: Keeping = (one) =>
  objectsAt(one, 'spec', 'secretObjects').length > 0 ? withoutManagers(one) : undefined

/** `managedFields` stay, because they tell who has written the status. */
const keepStatus: Keeping = ({ metadata, status }) => ({ metadata, status })

const keepMetadata: Keeping = ({ metadata }) => ({
  metadata: { ...objectAt(metadata), managedFields: [] },
})

/** Reads the install's Certificates of cert-manager. */
async function readCertificates(
  cluster: ReadingCluster,
  { scope, install }: { readonly scope: ReadScope; readonly install: Install },
) {
  return certificateMode(install) === 'cert-manager'
    ? await listReadable(cluster, kinds.certificates, { scope })
    : []
}
