import type { NamedObject } from './find-objects.ts'

/** Whether the object is a custom resource. The API groups of Kubernetes' own kinds have no domain, or k8s.io. */
export function isCustom({ object: { apiVersion, kind } }: Pick<NamedObject, 'object'>): boolean {
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return false
  const [group = '', version] = apiVersion.split('/')
  return version !== undefined && group.includes('.') && !group.endsWith('.k8s.io')
}
