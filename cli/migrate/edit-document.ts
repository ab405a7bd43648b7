import { type Document, isMap, isScalar, isSeq } from 'yaml'
import type { PodTemplate } from '../input/find-objects.ts'
import type { PodChange } from './plan-pod.ts'

type Path = readonly (string | number)[]

/** Changes a pod in its document: the volume and its mounts go, and the annotations come. */
export function changePod(
  document: Document,
  { path }: Pick<PodTemplate, 'path'>,
  { volume, annotations }: PodChange,
): void {
  const spec = [...path, 'spec']
  for (const list of ['initContainers', 'containers']) {
    const containers = document.getIn([...spec, list])
    if (isSeq(containers))
      for (const index of containers.items.keys())
        removeNamed(document, [...spec, list, index, 'volumeMounts'], volume)
  }
  removeNamed(document, [...spec, 'volumes'], volume)
  annotate(document, path, annotations)
}

/** Removes the items of a list that have this name, and the list if nothing is left of it. */
function removeNamed(document: Document, path: Path, name: string): void {
  const list = document.getIn(path)
  if (!isSeq(list)) return
  const rest = list.items.filter((item) => !isMap(item) || item.get('name') !== name)
  if (rest.length === list.items.length) return
  list.items = rest
  if (rest.length === 0) document.deleteIn(path)
}

/** Sets annotations of the object at the path. A text of several lines becomes a block. */
export function annotate(
  document: Document,
  path: Path,
  annotations: Readonly<Record<string, string>>,
): void {
  for (const place of [
    [...path, 'metadata'],
    [...path, 'metadata', 'annotations'],
  ])
    if (!isMap(document.getIn(place))) document.setIn(place, document.createNode({}))
  for (const [key, value] of Object.entries(annotations)) {
    const node = document.createNode(value)
    if (isScalar(node) && value.includes('\n')) node.type = 'BLOCK_LITERAL'
    document.setIn([...path, 'metadata', 'annotations', key], node)
  }
}
