import { type Container, type Pod, plainPod, prefixed } from '../../client/pods.ts'

export const csiDriver = 'secrets-store.csi.k8s.io'
export const csiLabel = { 'akv-injector.io/csi': 'true' }

export interface CsiPodOptions {
  readonly namespace: string
  readonly name?: string
  /** The class of each volume, by the name of the volume. */
  readonly classes?: Readonly<Record<string, string>>
  readonly driver?: string
  /** Without the prefix. */
  readonly annotations?: Readonly<Record<string, string>>
  readonly spec?: object
}

/** A pod with volumes of the Secrets Store CSI Driver, as its users write it: nothing in it is ours. */
export function csiPod(options: CsiPodOptions): Pod {
  const { namespace, name, classes = { 'secrets-store': 'azure-kv' } } = options
  const { driver = csiDriver, annotations, spec } = options
  const volumes = Object.entries(classes).map(([volume, secretProviderClass]) => ({
    name: volume,
    csi: { driver, readOnly: true, volumeAttributes: { secretProviderClass } },
  }))
  const app: Container = {
    name: 'app',
    image: 'registry.example/app:1',
    volumeMounts: Object.keys(classes).map((volume) => ({
      name: volume,
      mountPath: `/mnt/${volume}`,
    })),
  }
  return plainPod(
    { containers: [app], volumes, ...spec },
    {
      ...(name === undefined ? { generateName: 'csi-' } : { name }),
      namespace,
      ...(annotations && { annotations: prefixed(annotations) }),
    },
  )
}
