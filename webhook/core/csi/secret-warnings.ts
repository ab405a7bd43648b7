import { printable } from '../../../lib/printable.ts'
import { valueAt } from '../../../lib/shape.ts'
import { allContainers, type Container, type Pod } from '../model/pod.ts'
import type { AzureVolume } from './azure-volume.ts'

/**
 * Warnings about Secrets that the driver would make while the pod runs, and that a container reads as variables. Here
 * only Secret sync makes them (docs/specification.md, "Secret sync").
 */
export function secretWarnings(
  pod: Pod,
  volumes: readonly AzureVolume[],
  namespace: string,
): readonly string[] {
  const made = new Set(volumes.flatMap(({ secrets }) => [...secrets]))
  if (made.size === 0) return []
  const read = new Set(allContainers(pod).flatMap(secretsReadBy))
  return [...made]
    .filter((name) => read.has(name))
    .map(
      (name) =>
        `Secret ${printable(name)} is created by Secret sync only; the administrator has to list a ServiceAccount of namespace ${printable(namespace)} for it`,
    )
}

/** The names of the Secrets in a container's `env` and `envFrom`. */
function secretsReadBy(container: Container & { readonly envFrom?: unknown }): readonly string[] {
  const { env, envFrom } = container
  const sources = Array.isArray(envFrom) ? envFrom : []
  return [
    ...(env ?? []).map(({ valueFrom }) => valueFrom?.['secretKeyRef']),
    ...sources.map((source: unknown) => valueAt(source, 'secretRef')),
  ].flatMap((reference) => {
    const name = valueAt(reference, 'name')
    return typeof name === 'string' ? [name] : []
  })
}
