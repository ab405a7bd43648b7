import { type Document, isAlias, isCollection, isMap, isScalar, isSeq, type Scalar } from 'yaml'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'

/** A value that the commands read, and that may contain placeholders. */
interface ReadField {
  readonly scalar: Scalar
  /** The key of the value, or of the nearest mapping around it. */
  readonly key: string
  /** The key around that one, if the value is below one that the commands read. */
  readonly parent?: string
  readonly matters: Matters
}

/**
 * Whether to warn if a placeholder has no value. `identity`: if something of ours uses the object, because other programs have
 * accounts with an identity, too.
 */
type Matters = false | 'identity' | 'ours'

/** Nothing that people write by hand is nested this deeply. */
const maxDepth = 64

/**
 * Finds the values of a document that the commands read: in SecretProviderClasses, ServiceAccounts, annotated Secrets,
 * objects of the External Secrets Operator, and in pods with annotations or volumes of ours. Leaves out a container's
 * command and variables, templates, and regular expressions, because `$(X)` and `${X}` mean something else in them.
 *
 * @param text - the file
 */
export function findFields(document: Document, text: string): readonly ReadField[] {
  const fields: ReadField[] = []
  const walk = { document, text, fields, seen: new Set<unknown>() }
  findInObject(document.contents, walk)
  return fields
}

interface Walk {
  readonly document: Document
  readonly text: string
  readonly fields: ReadField[]
  /** Values that have been visited: aliases lead to the same value several times. */
  readonly seen: Set<unknown>
}

/** A step on the way to a value. */
interface Step {
  readonly key: string
  readonly parent?: string
  readonly matters: Matters
  readonly depth: number
}

const resolve = (node: unknown, { document }: Walk): unknown =>
  isAlias(node) ? node.resolve(document) : node

const memberOf = (map: unknown, key: string, walk: Walk): unknown =>
  isMap(map) ? resolve(map.get(key, true), walk) : undefined

function textOf(map: unknown, key: string, walk: Walk): string {
  const node = memberOf(map, key, walk)
  return isScalar(node) && typeof node.value === 'string' ? node.value : ''
}

const names = ['name', 'generateName', 'namespace', 'annotations', 'labels'].map((key) => [
  'metadata',
  key,
])
const podFields = [
  ...names,
  ['spec', 'serviceAccountName'],
  ['spec', 'serviceAccount'],
  ['spec', 'securityContext'],
  ['spec', 'volumes', '*', 'name'],
  ['spec', 'volumes', '*', 'csi'],
  ...['containers', 'initContainers'].flatMap((list) =>
    ['name', 'volumeMounts', 'securityContext'].map((key) => ['spec', list, '*', key]),
  ),
]

function findInObject(node: unknown, walk: Walk, depth = 0): void {
  const object = resolve(node, walk)
  const kind = textOf(object, 'kind', walk)
  const items = memberOf(object, 'items', walk)
  if (kind.endsWith('List') && isSeq(items)) {
    if (depth < maxDepth) for (const item of items.items) findInObject(item, walk, depth + 1)
    return
  }
  const source =
    isCollection(object) && object.range ? walk.text.slice(object.range[0], object.range[1]) : ''
  const isSource =
    kind === 'SecretProviderClass' ||
    textOf(object, 'apiVersion', walk).includes('external-secrets.io/')
  const matters = isSource || ours.test(source) ? 'ours' : identity.test(source) && 'identity'
  if (matters === false && kind !== 'ServiceAccount') return
  // Stores and pods refer to accounts by name, but most accounts don't matter otherwise.
  for (const path of isSource ? [...names, ['spec']] : names)
    findAt(object, path, { walk, matters })
  if (!isSource && matters !== false) findInPods(object, walk, { key: '', matters, depth: 0 })
}

/** Text that only users of akv-injector or of the CSI driver write into a pod, an account or a Secret. */
const ours = /akv-injector\.io\/|secrets-store\.csi/
const identity = /azure\.workload\.identity\//

function findInPods(node: unknown, walk: Walk, { key, matters, depth }: Step): void {
  const value = resolve(node, walk)
  if (!isCollection(value) || depth > maxDepth || walk.seen.has(value)) return
  const containers = memberOf(memberOf(value, 'spec', walk), 'containers', walk)
  const annotations = memberOf(memberOf(value, 'metadata', walk), 'annotations', walk)
  if (isSeq(containers) || (key === 'template' && annotations !== undefined)) {
    for (const path of podFields) findAt(value, path, { walk, matters })
    return
  }
  walk.seen.add(value)
  for (const [name, child] of childrenOf(value))
    findInPods(child, walk, { key: name, matters, depth: depth + 1 })
}

/** Finds the values at a path, in which `*` is each item of a list. */
function findAt(
  node: unknown,
  [head = '', ...rest]: readonly string[],
  context: { readonly walk: Walk; readonly matters: Matters },
): void {
  const { walk, matters } = context
  const value = resolve(node, walk)
  const member = memberOf(value, head, walk)
  if (head === '*') {
    if (isSeq(value)) for (const item of value.items) findAt(item, rest, context)
  } else if (rest.length > 0) findAt(member, rest, context)
  else if (head === 'annotations' || head === 'labels') {
    for (const [key, child] of isMap(member) ? childrenOf(member) : [])
      if (isReadAnnotation(key)) findBelow(child, walk, { key, matters, depth: 0 })
  } else findBelow(member, walk, { key: head, matters, depth: 0 })
}

const isReadAnnotation = (key: string): boolean =>
  (key.startsWith(annotationPrefix) && !key.startsWith(`${annotationPrefix}template.`)) ||
  key.startsWith('azure.workload.identity/')

function findBelow(node: unknown, walk: Walk, step: Step): void {
  const { key, parent, matters, depth } = step
  const value = resolve(node, walk)
  if (depth > maxDepth || walk.seen.has(value)) return
  walk.seen.add(value)
  if (isScalar(value))
    walk.fields.push({ scalar: value, key, ...(parent !== undefined && { parent }), matters })
  else if (isCollection(value))
    for (const [name, child] of childrenOf(value))
      if (!isOpaque(name, key)) {
        const at = name === '' ? step : { key: name, parent: key, matters }
        findBelow(child, walk, { ...at, depth: depth + 1 })
      }
}

/** Whether the value is a regular expression, a template, or a path in which Kubernetes itself expands variables. */
const isOpaque = (key: string, parent: string): boolean =>
  ['find', 'rewrite', 'templateFrom', 'subPathExpr'].includes(key) ||
  (parent === 'template' && key === 'data')

/** Returns the members of a mapping with their keys, or the items of a list. */
const childrenOf = (node: unknown): readonly (readonly [key: string, child: unknown])[] => {
  if (isSeq(node)) return node.items.map((item) => ['', item])
  return isMap(node)
    ? node.items.map(({ key, value }) => [isScalar(key) ? String(key.value) : '', value])
    : []
}
