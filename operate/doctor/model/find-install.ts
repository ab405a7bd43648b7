import { type JsonObject, objectsAt, valueAt } from '../../../lib/shape.ts'
import { ourEntries } from '../../cluster/find-webhook.ts'
import type { ClusterFacts } from './cluster-facts.ts'
import { labelsOf, selectsLabels } from './label-selector.ts'
import { fullNameOf, nameOf, namespaceOf, textAt } from './objects.ts'

const components = ['webhook', 'certs', 'sync'] as const
type ComponentName = (typeof components)[number]

/** A Deployment of an install. */
export interface InstallComponent {
  readonly name: ComponentName
  readonly namespace: string
  readonly deployment: JsonObject
  readonly args: readonly string[]
  /** The environment variables that have a plain value. */
  readonly env: Readonly<Record<string, string>>
  readonly wantedReplicas: number
  readonly readyReplicas: number
}

/** An install of akv-injector, as far as it can be seen. */
export interface Install {
  readonly namespace: string | undefined
  /** The webhook configurations with our entries. There should be one. Undefined if they may not be read. */
  readonly configurations: readonly JsonObject[] | undefined
  /** Our entries in all of these configurations. */
  readonly entries: readonly JsonObject[]
  readonly components: Readonly<Partial<Record<ComponentName, InstallComponent>>>
  /** Whether the caller may read the Deployments of its namespace. */
  readonly isKnown: boolean
}

/**
 * Finds an install by what no chart value can change: the names of the webhook's entries, and the arguments of the
 * containers. The release, the namespace and the label `app.kubernetes.io/name` may have any name.
 *
 * @param options - `namespace`: where the install is, if the caller says so; `readable`: the namespaces whose
 * Deployments the caller may read, undefined for all
 */
export function findInstall(
  {
    mutatingConfigurations,
    deployments,
  }: Pick<ClusterFacts, 'mutatingConfigurations' | 'deployments'>,
  {
    namespace: given,
    readable,
  }: {
    readonly namespace?: string | undefined
    readonly readable?: readonly string[] | undefined
  },
): Install {
  const configurations = mutatingConfigurations?.filter((one) => ourEntries(one).length > 0)
  const entries = (configurations ?? []).flatMap(ourEntries)
  const found = (deployments ?? []).flatMap(componentOf)
  const [named] = entries.map((entry) => textAt(entry, 'clientConfig', 'service', 'namespace'))
  const namespace = given ?? (named || found.find(({ name }) => name === 'webhook')?.namespace)
  const ours = found.filter((component) => component.namespace === namespace)
  return {
    namespace,
    configurations,
    entries,
    components: Object.fromEntries(ours.map((component) => [component.name, component])),
    isKnown:
      deployments !== undefined &&
      namespace !== undefined &&
      (readable === undefined || readable.includes(namespace)),
  }
}

/** Which components of an install a Deployment runs, by its label and its containers' arguments. */
export function componentOf(deployment: JsonObject): readonly InstallComponent[] {
  const label = labelsOf(deployment)['app.kubernetes.io/component']
  const name = components.find((component) => component === label)
  const container = objectsAt(deployment, 'spec', 'template', 'spec', 'containers').find(
    (one) => textAt(one, 'name') === label,
  )
  const args = valueAt(container, 'args')
  const texts = Array.isArray(args) ? args.filter((arg) => typeof arg === 'string') : []
  if (name === undefined || texts[0] !== name) return []
  const replicas = valueAt(deployment, 'spec', 'replicas')
  const ready = valueAt(deployment, 'status', 'readyReplicas')
  return [
    {
      name,
      namespace: namespaceOf(deployment),
      deployment,
      args: texts,
      env: envOf(container),
      wantedReplicas: typeof replicas === 'number' ? replicas : 1,
      readyReplicas: typeof ready === 'number' ? ready : 0,
    },
  ]
}

const envOf = (container: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    objectsAt(container, 'env').flatMap((variable) =>
      typeof variable['value'] === 'string' ? [[textAt(variable, 'name'), variable['value']]] : [],
    ),
  )

/** Whether an object may belong to an install, by the label of its component. */
export const isOfInstall = (object: unknown): boolean =>
  components.some((name) => labelsOf(object)['app.kubernetes.io/component'] === name)

/** `Deployment NAMESPACE/NAME` */
export const describeComponent = ({ deployment }: InstallComponent): string =>
  `Deployment ${fullNameOf(deployment)}`

/** The Secret that the webhook serves its certificate from. */
export function servingSecretOf({ deployment }: InstallComponent): string | undefined {
  const volumes = objectsAt(deployment, 'spec', 'template', 'spec', 'volumes')
  const volume = volumes.find((one) => textAt(one, 'name') === 'tls')
  return textAt(volume, 'secret', 'secretName') || undefined
}

/** The pods of a component. */
export function podsOf(
  { deployment }: InstallComponent,
  pods: readonly JsonObject[],
): readonly JsonObject[] {
  const selector = valueAt(deployment, 'spec', 'selector')
  const namespace = namespaceOf(deployment)
  return pods.filter(
    (pod) => namespaceOf(pod) === namespace && selectsLabels(selector, labelsOf(pod)),
  )
}

/** Where the serving certificate comes from. Unknown if the caller may not read the Deployments. */
export function certificateMode({
  configurations,
  components: { certs },
  isKnown,
}: Install): 'self-managed' | 'cert-manager' | 'files' | 'unknown' {
  const annotated = (configurations ?? []).some(
    (one) =>
      valueAt(one, 'metadata', 'annotations', 'cert-manager.io/inject-ca-from') !== undefined,
  )
  if (annotated) return 'cert-manager'
  if (certs !== undefined) return 'self-managed'
  return isKnown ? 'files' : 'unknown'
}

export const configurationNames = ({ configurations }: Install): readonly string[] =>
  (configurations ?? []).map(nameOf)
