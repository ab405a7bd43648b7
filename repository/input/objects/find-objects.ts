import { printable } from '../../../lib/printable.ts'
import type { Problem } from '../../../lib/problems/problem.ts'
import { isObject, type JsonObject, objectAt } from '../../../lib/shape.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import { annotationPrefix, ownKeys } from '../../../requests/annotations/keys/own-annotations.ts'
import { onChangeKey } from '../../../requests/annotations/on-change.ts'
import { withKnativeNames } from '../document/knative-names.ts'
import { type Manifest, treeOf } from '../document/manifest.ts'
import { positionOf } from '../document/position-of.ts'
import { type Path, templatePaths } from '../document/search-templates.ts'
import { toPlain } from '../document/to-plain.ts'
import { FileError } from '../text/file-error.ts'
import { findNearMisses } from './find-near-misses.ts'
import { findUnquotedAnnotations } from './find-unquoted-annotations.ts'

/** A pod or a pod template in a manifest. */
export interface PodTemplate {
  readonly manifest: Manifest
  /** `Deployment/web` */
  readonly title: string
  /** Which template of the object it is, such as `spec.headGroupSpec.template`, if the object has several. */
  readonly part?: string
  /** The path of the pod in the document. */
  readonly path: Path
  /** The path in the document of the workload, or of the pod itself. */
  readonly ownerPath: Path
  readonly namespace: string
  /**
   * The pod as the API server would send it to the webhook. Unquoted annotations have the text that the author wrote.
   */
  readonly pod: JsonObject
  /** A problem for each unquoted annotation, because the API server would refuse it. */
  readonly unquoted: readonly Problem[]
  /** Our annotations on the workload, or on a part of it around the template. They don't affect its pods. */
  readonly misplaced: readonly MisplacedAnnotation[]
}

export interface MisplacedAnnotation {
  readonly key: string
  /** The path of the object in the document that has the annotation. */
  readonly owner: Path
  /** Whether the pod has an annotation with this key, too. */
  readonly isOnPod: boolean
}

/** A ServiceAccount or a Secret in a manifest. */
export interface AnnotatedManifest {
  readonly manifest: Manifest
  /** The path of the object in the document. */
  readonly path: Path
  /** `ServiceAccount/web` */
  readonly title: string
  readonly namespace: string
  readonly name: string
  /** Unquoted values have the text that the author wrote. */
  readonly annotations: JsonObject
  readonly unquoted: readonly Problem[]
  /** Annotations and labels whose prefix looks like ours. */
  readonly nearMisses: readonly Problem[]
}

/** An object in a manifest, as plain data. */
export interface NamedObject {
  readonly manifest: Manifest
  /** The path of the object in the document. */
  readonly path: Path
  readonly kind: unknown
  /** `SecretProviderClass/web` */
  readonly title: string
  readonly namespace: string
  readonly name: string
  readonly object: JsonObject
}

/** An object that may be looked up by kind, namespace and name, from a file or made up. */
export interface FoundObject extends Pick<NamedObject, 'kind' | 'namespace' | 'name' | 'object'> {
  /** Set if it isn't clear which of several objects with this name is meant: why not. */
  readonly unclear?: string
  /** The objects that the name may mean, if it isn't clear which. */
  readonly among?: readonly NamedObject[]
}

/** Finds the objects of a document, which may be several if it is a List. */
export function findNamedObjects(manifest: Manifest, namespace: string): readonly NamedObject[] {
  return objectsOf(toPlain(manifest)).map(({ object, path }) => {
    refuseNamespace(object, { manifest, path })
    const { annotations: _, ...names } = namesOf(object, namespace)
    return { manifest, path, kind: object['kind'], ...names, object }
  })
}

/** Finds the pods and pod templates of a document, which may be several if it is a List. */
export function findPodTemplates(manifest: Manifest, namespace: string): readonly PodTemplate[] {
  return objectsOf(toPlain(manifest)).flatMap((placed) =>
    templatesOf(placed, { manifest, namespace }),
  )
}

/** Finds the objects of a kind that have our annotations, or some that look like ours. */
export function findAnnotatedObjects(
  kind: 'ServiceAccount' | 'Secret',
  { manifest, namespace }: { readonly manifest: Manifest; readonly namespace: string },
): readonly AnnotatedManifest[] {
  return objectsOf(toPlain(manifest))
    .filter(({ object }) => object['kind'] === kind)
    .map(({ object, path }) => {
      const { written, problems } = findUnquotedAnnotations(treeOf(manifest), path)
      const { annotations, ...names } = namesOf(object, namespace)
      return {
        manifest,
        path,
        ...names,
        annotations: { ...annotations, ...written },
        unquoted: problems,
        nearMisses: findNearMisses(object),
      }
    })
    .filter(({ annotations, nearMisses }) => hasOwn(annotations) || nearMisses.length > 0)
}

/** Whether the pod has our annotations. Annotations of its workload don't count. */
export function isAnnotated({ pod }: PodTemplate): boolean {
  return hasOwn(annotationsOf(pod))
}

const hasOwn = (annotations: JsonObject): boolean => ownKeys(annotations).length > 0

interface Placed {
  readonly object: JsonObject
  readonly path: Path
}

/** Returns the object of a document, or the items of a List. */
function objectsOf(object: unknown, path: Path = []): readonly Placed[] {
  if (!isObject(object)) return []
  const { kind, items } = object
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)
    ? items.flatMap((item, i) => objectsOf(item, [...path, 'items', i]))
    : [{ object, path }]
}

/**
 * @throws FileError if the namespace isn't text, which the API server refuses, too. For example, YAML reads `n` as a
 * boolean
 */
function refuseNamespace(
  object: JsonObject,
  { manifest, path }: Pick<NamedObject, 'manifest' | 'path'>,
): void {
  const { namespace } = objectAt(object['metadata'])
  if (namespace === undefined || namespace === null || typeof namespace === 'string') return
  throw new FileError(
    positionOf(manifest, [...path, 'metadata', 'namespace']),
    `metadata.namespace is ${wordFor(namespace)} to YAML, and the API server accepts text only; quote it`,
  )
}

const wordFor = (value: unknown): string =>
  typeof value === 'object' ? 'a list or a mapping' : `the ${typeof value} ${String(value)}`

function namesOf(object: JsonObject, namespace: string) {
  const { kind } = object
  const metadata = objectAt(object['metadata'])
  const written = [metadata['name'], metadata['generateName']].find(
    (name) => typeof name === 'string' || typeof name === 'number',
  )
  const name = String(written ?? 'unnamed')
  return {
    title: `${typeof kind === 'string' ? kind : 'object'}/${name}`,
    name,
    namespace: typeof metadata['namespace'] === 'string' ? metadata['namespace'] : namespace,
    annotations: annotationsOf(object),
  }
}

function templatesOf({ object, path }: Placed, owner: Owner): readonly PodTemplate[] {
  const paths = templatePaths(object)
  if (paths === undefined)
    throw new FileError(
      positionOf(owner.manifest, path),
      'has more than 2,000,000 values; split it',
    )
  return paths.map((templatePath) => ({
    ...templateAt({ object, path }, templatePath, owner),
    ...(paths.length > 1 && { part: printable(templatePath.join('.'), 200) }),
  }))
}

interface Owner {
  readonly manifest: Manifest
  readonly namespace: string
}

function templateAt(owner: Placed, below: Path, { manifest, namespace }: Owner): PodTemplate {
  const template = withKnativeNames(owner.object, objectAt(owner.object, ...below))
  const { title, name, ...names } = namesOf(owner.object, namespace)
  const metadata = objectAt(template['metadata'])
  const path = [...owner.path, ...below]
  const { written, problems } = findUnquotedAnnotations(treeOf(manifest), path)
  const annotations = { ...annotationsOf(template), ...written }
  return {
    manifest,
    title,
    path,
    ownerPath: owner.path,
    namespace: names.namespace,
    unquoted: problems,
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      ...template,
      metadata: {
        generateName: `${name}-`,
        ...metadata,
        ...(problems.length > 0 && { annotations }),
      },
    },
    misplaced: below.flatMap((_, i) => misplacedAt(owner, below.slice(0, i), annotations)),
  }
}

function misplacedAt(
  { object, path }: Placed,
  below: Path,
  ofPod: JsonObject,
): readonly MisplacedAnnotation[] {
  const owner = [...path, ...below]
  // A workload whose pods only use a synced Secret asks for roll-outs in its own metadata.
  const isInPlace = (key: string) =>
    key === annotationPrefix + onChangeKey && below.length === 0 && !hasOwn(ofPod)
  return ownKeys(annotationsOf(objectAt(object, ...below)))
    .filter((key) => !isInPlace(key))
    .map((key) => ({ key, owner, isOnPod: Object.hasOwn(ofPod, key) }))
}
