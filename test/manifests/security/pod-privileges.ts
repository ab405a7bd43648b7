import type { Manifest } from '../rendered.ts'

/** The pods of a rendering by the name of the object that makes them. */
export const podsOf = (objects: readonly Manifest[]): Readonly<Record<string, Manifest>> =>
  Object.fromEntries(
    objects
      .filter(({ kind }) => kind === 'Deployment' || kind === 'Pod')
      .map(({ kind, metadata, spec }) => [
        metadata.name,
        kind === 'Pod' ? { metadata, spec } : spec.template,
      ]),
  )

/** Which users, privileges and parts of the node the containers of a pod have, as Kubernetes combines both security contexts. */
export function privilegesOf({ spec }: Manifest): readonly object[] {
  const { containers, initContainers = [], ephemeralContainers = [] } = spec
  return [...initContainers, ...containers, ...ephemeralContainers].map(
    ({ securityContext, ports = [], volumeMounts = [] }: Manifest) => ({
      ...spec.securityContext,
      ...securityContext,
      writableMounts: volumeMounts.filter(({ readOnly }: Manifest) => !readOnly),
      ofNode: [
        ...['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace'].filter(
          (field) => spec[field],
        ),
        ...ports.flatMap(({ hostPort }: Manifest) => hostPort ?? []),
        ...(spec.volumes ?? []).flatMap(({ hostPath }: Manifest) => hostPath ?? []),
      ],
    }),
  )
}

/** The Secrets that a pod mounts or has in its environment. */
export function secretsOf({ spec }: Manifest): readonly string[] {
  const found: string[] = []
  JSON.stringify(spec, (key, value) => {
    if (key === 'secretName') found.push(value)
    if (/^secret(Ref|KeyRef)?$/.test(key) && value.name) found.push(value.name)
    return value
  })
  return found
}
