import { parseBoundedJson } from '../../../lib/json/parse-bounded-json.ts'
import { isObject, type JsonObject, objectAt } from '../../../lib/shape.ts'
import { ourEntries } from '../../cluster/find-webhook.ts'
import { nameOf, textAt } from './objects.ts'

/** The ConfigMap in which the chart and `install.yaml` keep what they install. */
export const installedName = 'akv-injector-installed'

/** Kinds whose objects are compared with the cluster, and how kubectl calls them. */
export const comparedKinds = {
  MutatingWebhookConfiguration: 'mutatingwebhookconfiguration',
  Service: 'service',
  ValidatingAdmissionPolicy: 'validatingadmissionpolicy',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybinding',
} as const

export type ComparedKind = keyof typeof comparedKinds

/** An object as it was installed. */
export interface InstalledObject {
  readonly kind: ComparedKind
  readonly name: string
  /** Empty for an object of the whole cluster. */
  readonly namespace: string
  readonly object: JsonObject
}

const isCompared = (kind: string): kind is ComparedKind => Object.hasOwn(comparedKinds, kind)

/** The key of an object in the ConfigMap. */
export const installedKey = ({ kind, name }: InstalledObject): string => `${kind}.${name}.json`

/** A ConfigMap has at most 1 MiB. Whoever writes it can't make us build more than this. */
const bounds = { maxDepth: 30, maxValues: 20_000 }

/**
 * Reads the ConfigMap. Leaves out what isn't one of our objects under its key: commands name these objects, and whoever
 * writes the ConfigMap must not make them name others.
 */
export function readInstalled(configMap: unknown): readonly InstalledObject[] {
  const namespace = textAt(configMap, 'metadata', 'namespace')
  return Object.entries(objectAt(configMap, 'data')).flatMap(([key, text]) => {
    if (typeof text !== 'string') return []
    const parsed = parseBoundedJson(Buffer.from(text), bounds)
    if (parsed.kind !== 'value' || !isObject(parsed.value)) return []
    const object = parsed.value
    const kind = textAt(object, 'kind')
    if (!isCompared(kind)) return []
    const found = {
      kind,
      name: nameOf(object),
      namespace: textAt(object, 'metadata', 'namespace'),
      object,
    }
    return installedKey(found) === key && isOurs(found, namespace) ? [found] : []
  })
}

/** No chart value changes these names. */
const isOurs = (
  { kind, name, namespace }: Omit<InstalledObject, 'object'>,
  installNamespace: string,
): boolean =>
  kind === 'MutatingWebhookConfiguration'
    ? name === 'zz-akv-injector'
    : kind === 'Service'
      ? name === 'akv-injector-webhook' && namespace === installNamespace
      : name.startsWith('akv-injector-')

/** The entries of the webhook configuration as they were installed. Undefined if that isn't known. */
export function installedEntries(
  installed: readonly InstalledObject[] | undefined,
): readonly JsonObject[] | undefined {
  const found = installed?.find(({ kind }) => kind === 'MutatingWebhookConfiguration')
  return found && ourEntries(found.object)
}
