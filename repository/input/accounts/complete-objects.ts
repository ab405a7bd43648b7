import { reviewRequest } from '../../../command/review/review-request.ts'
import { isObject, type JsonObject } from '../../../lib/shape.ts'
import {
  azureAnnotations,
  ownClientIdAnnotation,
} from '../../../requests/annotations/azure-identity.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import { namesClient } from '../../../requests/class/class-parameters.ts'
import { azureParametersOf } from '../../../requests/class/read-class.ts'
import { classesNeeded } from '../../../webhook/core/csi/needed-objects.ts'
import { findObject } from '../objects/find-object.ts'
import type { FoundObject, PodTemplate } from '../objects/find-objects.ts'
import { accountNameOf } from './workload-identity.ts'

export const madeUpVault = 'made-up-vault'
const madeUpClientId = '22222222-2222-2222-2222-222222222222'

/** The objects that a pod needs in its namespace. */
export interface CompleteObjects {
  /** The objects in the files, and the ones that were made up. */
  readonly objects: readonly FoundObject[]
  /** The names of the SecretProviderClasses that were made up. */
  readonly classes: readonly string[]
  /** The client that was made up for the pod's ServiceAccount. Absent if the files name one. */
  readonly accountClientId?: string
}

/**
 * Makes up the SecretProviderClasses that a pod names and the files don't have, and the client of its ServiceAccount if
 * the files name none.
 */
export function completeObjects(
  template: PodTemplate,
  objects: readonly FoundObject[],
  clientId = madeUpClientId,
): CompleteObjects {
  const { namespace } = template
  const find = (kind: string, name: string) => findObject(objects, { kind, namespace, name })
  const needed = classesNeeded(reviewRequest(template))
  const classes = needed.filter((name) => find('SecretProviderClass', name) === undefined)
  const name = accountNameOf(template)
  const account = find('ServiceAccount', name)
  const found = needed
    .map((name) => find('SecretProviderClass', name)?.object)
    .filter((object) => object !== undefined)
  const namesAll = needed.length > 0 && classes.length === 0 && found.every(isClientNamed)
  const isNamed = namesAll || hasClient(template, account)
  // All volumes of a pod have to sign in as the same client.
  const accountClientId = isNamed ? undefined : (clientOf(found) ?? clientId)
  return {
    objects: [
      ...objects,
      ...classes.map((name) => madeUpClass(name, namespace)),
      ...(accountClientId === undefined
        ? []
        : [withClient(account ?? newAccount(name, namespace), accountClientId)]),
    ],
    classes,
    ...(accountClientId !== undefined && { accountClientId }),
  }
}

const isClientNamed = (object: JsonObject): boolean => namesClient(azureParametersOf(object))

const hasClient = ({ pod }: PodTemplate, account: FoundObject | undefined): boolean =>
  annotationsOf(pod)[ownClientIdAnnotation] !== undefined ||
  annotationsOf(account?.object)[azureAnnotations.clientId] !== undefined

function clientOf(classes: readonly JsonObject[]): string | undefined {
  const ids = classes.map(azureParametersOf).filter(isObject).flatMap(clientIdsOf)
  return ids.find((id) => typeof id === 'string' && id.trim() !== '') as string | undefined
}

const clientIdsOf = (parameters: JsonObject): readonly unknown[] => [
  parameters['clientID'],
  parameters['userAssignedIdentityID'],
]

const newAccount = (name: string, namespace: string): FoundObject => ({
  kind: 'ServiceAccount',
  namespace,
  name,
  object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
})

function withClient(account: FoundObject, clientId: string): FoundObject {
  const { object } = account
  const metadata = isObject(object['metadata']) ? object['metadata'] : {}
  const annotations = { ...annotationsOf(object), [azureAnnotations.clientId]: clientId }
  return { ...account, object: { ...object, metadata: { ...metadata, annotations } } }
}

const madeUpClass = (name: string, namespace: string): FoundObject => ({
  kind: 'SecretProviderClass',
  namespace,
  name,
  object: {
    apiVersion: 'secrets-store.csi.x-k8s.io/v1',
    kind: 'SecretProviderClass',
    metadata: { name, namespace },
    spec: {
      provider: 'azure',
      parameters: {
        keyvaultName: madeUpVault,
        objects: 'array:\n  - |\n    objectName: made-up-secret\n    objectType: secret\n',
      },
    },
  },
})
