import { isObject, valueAt } from '../../../lib/shape.ts'

/**
 * What the kubelet lets a container do in a volume of each kind of Kubernetes 1.36, as each plugin says in `GetAttributes().ReadOnly`
 * (https://github.com/kubernetes/kubernetes/tree/v1.36.0/pkg/volume). It mounts the volume read-only if the plugin says so, whatever
 * the mount itself says (`makeMounts` in https://github.com/kubernetes/kubernetes/blob/v1.36.0/pkg/kubelet/kubelet_pods.go). The API
 * reference has the fields: https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/#volume-v1-core.
 *
 * `optional`: read-only if the kind's field `readOnly` is true
 */
export const volumeKinds = {
  awsElasticBlockStore: 'optional',
  azureDisk: 'optional',
  azureFile: 'optional',
  cephfs: 'optional',
  cinder: 'optional',
  configMap: 'read-only',
  csi: 'optional',
  downwardAPI: 'read-only',
  emptyDir: 'writable',
  ephemeral: 'writable',
  fc: 'optional',
  flexVolume: 'optional',
  flocker: 'writable',
  gcePersistentDisk: 'optional',
  gitRepo: 'writable',
  glusterfs: 'optional',
  hostPath: 'writable',
  image: 'read-only',
  iscsi: 'optional',
  nfs: 'optional',
  persistentVolumeClaim: 'optional',
  photonPersistentDisk: 'writable',
  portworxVolume: 'optional',
  projected: 'read-only',
  quobyte: 'optional',
  rbd: 'optional',
  scaleIO: 'optional',
  secret: 'read-only',
  storageos: 'optional',
  vsphereVolume: 'writable',
} as const

const kindsThatAre = (wanted: string): readonly string[] =>
  Object.entries(volumeKinds).flatMap(([kind, access]) => (access === wanted ? kind : []))
const readOnlyKinds = kindsThatAre('read-only')
const optionalKinds = kindsThatAre('optional')

/** Whether nothing can be created in a volume, a mount point included. A kind that isn't known counts as writable. */
export const isReadOnlyVolume = (volume: unknown): boolean =>
  isObject(volume) &&
  (readOnlyKinds.some((kind) => volume[kind] != null) ||
    optionalKinds.some((kind) => valueAt(volume[kind], 'readOnly') === true))
