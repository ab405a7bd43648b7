import type { NamedObject } from './find-objects.ts'

/** Whether another controller than Kubernetes' own acts on the object. The group of Kubernetes' own kinds has no domain but k8s.io. */
export function isCustom({ object: { apiVersion, kind } }: Pick<NamedObject, 'object'>): boolean {
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return false
  const [group = '', version] = apiVersion.split('/')
  return version !== undefined && group.includes('.') && !group.endsWith('.k8s.io')
}
