import { csiVolume, exampleClass } from '../../webhook/core/csi/example.ts'
import { smallReviews } from '../varied-reviews.ts'

const classCount = 40
const clientId = '22222222-2222-2222-2222-222222222222'

/** Reviews of pods that declare a volume of the Secrets Store CSI Driver instead of annotations. */
export function servedReviews(count: number): readonly string[] {
  return smallReviews(count).map((text, n) => {
    const review = JSON.parse(text)
    const { object } = review.request
    const className = `class-${n % classCount}`
    object.metadata.annotations = { 'prometheus.io/scrape': 'true' }
    object.spec.volumes.push(csiVolume('secrets-store', className))
    for (const container of object.spec.containers)
      container.volumeMounts = [
        ...container.volumeMounts,
        { name: 'secrets-store', mountPath: '/mnt/secrets', readOnly: true },
      ]
    return JSON.stringify(review)
  })
}

/** The class of a name: as `kubectl apply` leaves it in the cluster, with one to ten objects. */
export function benchClass(name: string): object {
  const number = Number(name.slice(name.lastIndexOf('-') + 1))
  const objects = Array.from(
    { length: 1 + (number % 10) },
    (_, i) =>
      `  - |\n    objectName: secret-${number}-${i}\n    objectType: secret\n    objectVersion: ""\n    objectAlias: app/secret-${i}\n`,
  )
  const example = exampleClass({
    clientID: clientId,
    keyvaultName: `team-${number % 7}`,
    usePodIdentity: 'false',
    useVMManagedIdentity: 'false',
    objects: `array:\n${objects.join('')}`,
  })
  const applied = { ...example, metadata: { ...example.metadata, name } }
  return {
    ...applied,
    metadata: {
      ...applied.metadata,
      uid: `2a1d7a4e-1f0c-4f3e-9b3a-${String(number).padStart(12, '0')}`,
      resourceVersion: String(1000 + number),
      generation: 1,
      creationTimestamp: '2026-11-01T09:30:00Z',
      annotations: {
        'kubectl.kubernetes.io/last-applied-configuration': `${JSON.stringify(applied)}\n`,
      },
      managedFields: [
        {
          manager: 'kubectl-client-side-apply',
          operation: 'Update',
          apiVersion: 'secrets-store.csi.x-k8s.io/v1',
          time: '2026-11-01T09:30:00Z',
          fieldsType: 'FieldsV1',
          fieldsV1: {
            'f:metadata': {
              'f:annotations': {
                '.': {},
                'f:kubectl.kubernetes.io/last-applied-configuration': {},
              },
            },
            'f:spec': { '.': {}, 'f:parameters': { '.': {}, 'f:objects': {} }, 'f:provider': {} },
          },
        },
      ],
    },
  }
}
