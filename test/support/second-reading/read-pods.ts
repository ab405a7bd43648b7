import { readDriverObjects, readObjectList, type Wanted } from './object-lists.ts'
import { at, fields, items, text } from './values.ts'

/** What a pod gets. */
export interface ReadPod {
  /** Kind, namespace and name of the pod or its workload. */
  readonly owner: string
  readonly account: string
  /** Of volumes of the driver, and of annotations: who signs in. */
  readonly identity: string
  /** For each container, its files by path. */
  readonly files: Readonly<Record<string, Readonly<Record<string, string>>>>
}

type Find = (kind: string, namespace: string, name: string) => unknown

const templatePaths: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
}

/** Reads the pods of an environment, with volumes of the driver or with annotations. */
export function readPods(objects: readonly unknown[], find: Find): readonly ReadPod[] {
  return objects.flatMap((object) => {
    const path = templatePaths[text(at(object, 'kind'))]
    if (path === undefined) return []
    const namespace = text(at(object, 'metadata', 'namespace'))
    const pod = at(object, ...path)
    const account = text(at(pod, 'spec', 'serviceAccountName')) || 'default'
    const sources = [...ofVolumes(pod, { namespace, find }), ...ofAnnotations(pod)]
    const named = {
      client: sources.map(({ client }) => client).find((client) => client !== ''),
      tenant: sources.map(({ tenant }) => tenant).find((tenant) => tenant !== ''),
    }
    const annotations = at(find('ServiceAccount', namespace, account), 'metadata', 'annotations')
    const ofAccount = (key: string) => text(at(annotations, `azure.workload.identity/${key}`))
    return {
      owner: [text(at(object, 'kind')), namespace, text(at(object, 'metadata', 'name'))].join('/'),
      account,
      identity:
        sources.length === 0
          ? ''
          : `${named.client ?? ofAccount('client-id')} in ${named.tenant ?? ofAccount('tenant-id')}`,
      files: Object.fromEntries(
        containersOf(pod).map(({ name }) => [
          name,
          Object.fromEntries(
            sources.flatMap(({ files }) => files(name)).toSorted(([a], [b]) => (a < b ? -1 : 1)),
          ),
        ]),
      ),
    }
  })
}

interface PodSource {
  readonly client: string
  readonly tenant: string
  /** The files that a container sees: paths with what they are made of. */
  files(container: string): readonly (readonly [path: string, source: string])[]
}

const containersOf = (pod: unknown) =>
  [...items(at(pod, 'spec', 'initContainers')), ...items(at(pod, 'spec', 'containers'))].map(
    (container) => ({
      name: text(at(container, 'name')),
      mounts: items(at(container, 'volumeMounts')),
    }),
  )

const shown = ({ source, mode }: Wanted): string => `${source} ${mode}`

function ofVolumes(
  pod: unknown,
  { namespace, find }: { readonly namespace: string; readonly find: Find },
): readonly PodSource[] {
  const volumes = items(at(pod, 'spec', 'volumes')).filter(
    (volume) => at(volume, 'csi', 'driver') === 'secrets-store.csi.k8s.io',
  )
  return volumes.map((volume) => {
    const name = text(at(volume, 'csi', 'volumeAttributes', 'secretProviderClass'))
    const parameters = fields(
      at(find('SecretProviderClass', namespace, name), 'spec', 'parameters'),
    )
    const parameter = (key: string) => text(parameters[key]).trim()
    const wanted = readDriverObjects(parameter('objects'), parameter('keyvaultName'))
    return {
      client: parameter('clientID') || parameter('userAssignedIdentityID'),
      tenant: parameter('tenantID') || parameter('tenantId'),
      files: (container) =>
        containersOf(pod)
          .filter(({ name }) => name === container)
          .flatMap(({ mounts }) => mounts)
          .filter((mount) => at(mount, 'name') === at(volume, 'name'))
          .flatMap((mount) => mountedFiles(mount, wanted)),
    }
  })
}

function mountedFiles(mount: unknown, wanted: readonly Wanted[]) {
  const path = text(at(mount, 'mountPath'))
  const subPath = text(at(mount, 'subPath'))
  return wanted
    .filter(({ target }) => subPath === '' || subPath === target)
    .map((file): readonly [string, string] => [
      subPath === '' ? `${path}/${file.target}` : path,
      shown(file),
    ])
}

/** By docs/annotations.md. */
function ofAnnotations(pod: unknown): readonly PodSource[] {
  const annotations = fields(at(pod, 'metadata', 'annotations'))
  const value = (key: string) => text(annotations[`akv-injector.io/${key}`])
  const wanted = [
    ...readDriverObjects(value('objects'), value('vault')),
    ...readObjectList(value('secrets'), value('vault')),
  ]
  if (wanted.length === 0) return []
  const containers = value('containers')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const folder = value('mount-path') || '/mnt/secrets-store'
  return [
    {
      client: value('client-id'),
      tenant: value('tenant-id'),
      files: (container) =>
        containers.length === 0 || containers.includes(container)
          ? wanted.map((file) => [`${folder}/${file.target}`, shown(file)])
          : [],
    },
  ]
}
