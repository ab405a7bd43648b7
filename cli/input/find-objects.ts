import type { Problem } from '../../lib/problem.ts'
import { isObject, type JsonObject } from '../../lib/shape.ts'
import { annotationPrefix } from '../../webhook/core/annotations/own-annotations.ts'
import { findUnquotedAnnotations } from './find-unquoted-annotations.ts'
import type { Manifest } from './read-manifests.ts'
import { toPlain } from './to-plain.ts'

/** A pod or a pod template in a manifest. */
export interface PodTemplate {
  readonly manifest: Manifest
  /** `Deployment/web` */
  readonly title: string
  /** The path of the pod in the document. */
  readonly path: readonly (string | number)[]
  readonly namespace: string
  /** The pod as the API server would send it to the webhook. Unquoted annotations have their values as they are written. */
  readonly pod: JsonObject
  /** One problem for each unquoted annotation, which the API server would refuse. */
  readonly unquoted: readonly Problem[]
  /** Annotations of the workload itself, which don't affect its pods. */
  readonly ownerAnnotations: JsonObject
}

/** A ServiceAccount or a Secret in a manifest. */
export interface AnnotatedManifest {
  readonly manifest: Manifest
  /** `ServiceAccount/web` */
  readonly title: string
  readonly namespace: string
  readonly name: string
  /** Unquoted values are as they are written. */
  readonly annotations: JsonObject
  readonly unquoted: readonly Problem[]
}

/** An object in a manifest, as plain data. */
export interface NamedObject {
  readonly manifest: Manifest
  /** The path of the object in the document. */
  readonly path: readonly (string | number)[]
  readonly kind: unknown
  /** `SecretProviderClass/web` */
  readonly title: string
  readonly namespace: string
  readonly name: string
  readonly object: JsonObject
}

/** An object that may be looked up by its names, wherever it comes from. */
export type FoundObject = Pick<NamedObject, 'kind' | 'namespace' | 'name' | 'object'>

/** Finds the objects of a document, which may be several if it is a List. */
export function findNamedObjects(manifest: Manifest, namespace: string): readonly NamedObject[] {
  return objectsOf(toPlain(manifest)).map(({ object, path }) => {
    const { annotations: _, ...names } = namesOf(object, namespace)
    return { manifest, path, kind: object['kind'], ...names, object }
  })
}

/** Finds the pods and pod templates of a document, which may be several if it is a List. */
export function findPodTemplates(manifest: Manifest, namespace: string): readonly PodTemplate[] {
  return objectsOf(toPlain(manifest)).flatMap(({ object, path }) =>
    templateOf(object, { manifest, path, namespace }),
  )
}

/** Finds the objects of this kind that have annotations of ours. */
export function findAnnotatedObjects(
  kind: 'ServiceAccount' | 'Secret',
  { manifest, namespace }: { readonly manifest: Manifest; readonly namespace: string },
): readonly AnnotatedManifest[] {
  return objectsOf(toPlain(manifest))
    .filter(({ object }) => object['kind'] === kind)
    .map(({ object, path }) => {
      const { written, problems } = findUnquotedAnnotations(manifest.document, path)
      const { annotations, ...names } = namesOf(object, namespace)
      return {
        manifest,
        ...names,
        annotations: { ...annotations, ...written },
        unquoted: problems,
      }
    })
    .filter(({ annotations }) => hasOwn(annotations))
}

/** Whether the pod has annotations of ours. Annotations of its workload don't count. */
export function isAnnotated({ pod }: PodTemplate): boolean {
  return hasOwn(objectOf(objectOf(pod['metadata'])['annotations']))
}

const hasOwn = (annotations: JsonObject): boolean =>
  Object.keys(annotations).some((key) => key.startsWith(annotationPrefix))

const templatePaths: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  PodTemplate: ['template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
  ...Object.fromEntries(
    ['DaemonSet', 'Deployment', 'Job', 'ReplicaSet', 'ReplicationController', 'StatefulSet'].map(
      (kind) => [kind, ['spec', 'template']],
    ),
  ),
}

interface Placed {
  readonly object: JsonObject
  readonly path: PodTemplate['path']
}

/** The object of a document, or the items of a List. */
function objectsOf(object: unknown, path: Placed['path'] = []): readonly Placed[] {
  if (!isObject(object)) return []
  const { kind, items } = object
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)
    ? items.flatMap((item, i) => objectsOf(item, [...path, 'items', i]))
    : [{ object, path }]
}

function namesOf(object: JsonObject, namespace: string) {
  const { kind } = object
  const metadata = objectOf(object['metadata'])
  const written = [metadata['name'], metadata['generateName']].find(
    (one) => typeof one === 'string' || typeof one === 'number',
  )
  const name = String(written ?? 'unnamed')
  return {
    title: `${typeof kind === 'string' ? kind : 'object'}/${name}`,
    name,
    namespace: typeof metadata['namespace'] === 'string' ? metadata['namespace'] : namespace,
    annotations: objectOf(metadata['annotations']),
  }
}

function templateOf(
  object: JsonObject,
  place: Pick<PodTemplate, 'manifest' | 'path' | 'namespace'>,
): readonly PodTemplate[] {
  const { kind } = object
  if (typeof kind !== 'string' || !Object.hasOwn(templatePaths, kind)) return []
  const path = templatePaths[kind] ?? []
  const template = path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), object)
  if (!isObject(template)) return []
  const { title, name, namespace, annotations } = namesOf(object, place.namespace)
  const metadata = objectOf(template['metadata'])
  const podPath = [...place.path, ...path]
  const { written, problems } = findUnquotedAnnotations(place.manifest.document, podPath)
  const isUnquoted = problems.length > 0
  return [
    {
      manifest: place.manifest,
      title,
      path: podPath,
      namespace,
      unquoted: problems,
      pod: {
        apiVersion: 'v1',
        kind: 'Pod',
        ...template,
        metadata: {
          generateName: `${name}-`,
          ...metadata,
          ...(isUnquoted && { annotations: { ...objectOf(metadata['annotations']), ...written } }),
        },
      },
      ownerAnnotations: path.length > 0 ? annotations : {},
    },
  ]
}

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {})
