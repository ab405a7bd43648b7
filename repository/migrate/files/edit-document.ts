import { isObject } from '../../../lib/shape.ts'
import type { PodTemplate } from '../../input/objects/find-objects.ts'
import type { EditableValue, ValuePath } from '../../rewrite/edit-value.ts'
import type { PodChange } from '../plan/plan-pod.ts'

/** Changes a pod in its document: removes the volume and its mounts, and adds the annotations. */
export function changePod(
  document: EditableValue,
  { path }: Pick<PodTemplate, 'path'>,
  { volume, annotations }: PodChange,
): void {
  const spec = [...path, 'spec']
  for (const list of ['initContainers', 'containers']) {
    const containers = document.get([...spec, list])
    if (Array.isArray(containers))
      for (const index of containers.keys())
        removeNamed(document, [...spec, list, index, 'volumeMounts'], volume)
  }
  removeNamed(document, [...spec, 'volumes'], volume)
  annotate(document, path, annotations)
}

/** Removes the items of a list that have this name, and the list itself if it is empty then. */
function removeNamed(document: EditableValue, path: ValuePath, name: string): void {
  const list = document.get(path)
  if (!Array.isArray(list)) return
  const rest = list.filter((item) => !isObject(item) || item['name'] !== name)
  if (rest.length === list.length) return
  if (rest.length === 0) document.remove(path)
  else document.add(path, rest)
}

/** Sets annotations of the object at the path. */
export function annotate(
  document: EditableValue,
  path: ValuePath,
  annotations: Readonly<Record<string, string>>,
): void {
  for (const [key, value] of Object.entries(annotations))
    document.add([...path, 'metadata', 'annotations', key], value)
}
