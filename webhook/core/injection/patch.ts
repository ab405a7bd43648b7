import { hasFiles } from '../../../delivery/contract.ts'
import type { AddOperation, PatchOperation } from '../model/outcome.ts'
import type { Container, Pod } from '../model/pod.ts'
import { addLabel } from './agent-label.ts'
import { entriesByName, envEntry, fileKeyRef, fileKeyRefState } from './env-entry.ts'
import { filesMount, isOurMount } from './files-mount.ts'
import type { Plan } from './plan.ts'
import { type Receiver, receivers } from './receivers.ts'
import { replaceVolumes, sealMounts } from './served-volumes.ts'

/** The operations that give the pod everything that the plan has and the pod lacks. */
export function patchOperations(pod: Pod, plan: Plan): readonly PatchOperation[] {
  const { volumes, initContainers } = pod.spec
  const existing = new Set(volumes?.map(({ name }) => name))
  const missing = plan.volumes.filter(({ name }) => !existing.has(name))
  return [
    ...(plan.placement.existing ? [] : addLabel(pod, plan)),
    ...replaceVolumes(pod, plan),
    ...append('/spec/volumes', volumes, missing),
    ...sealMounts(plan),
    ...receivers(plan).flatMap((receiver) => receiverOperations(receiver, plan)),
    // This comes last, because it shifts the init containers that the operations above point to.
    ...(plan.placement.existing
      ? restoreAgent(plan.placement.existing, plan)
      : insert('/spec/initContainers', initContainers, plan.placement.index, [plan.agent])),
  ]
}

function receiverOperations(
  { container, pointer, variables, receivesObjects }: Receiver,
  { config, mountPath }: Plan,
): readonly AddOperation[] {
  const mounts = container.volumeMounts
  const isMounted = mounts?.some((mount) => isOurMount(mount, mountPath))

  const entries = entriesByName(container)
  const missing = variables.filter(({ variable }) => !entries.has(variable))
  const emptied = variables.flatMap((wanted): AddOperation[] => {
    const found = entries.get(wanted.variable)
    if (found === undefined || fileKeyRefState(found.entry, wanted) !== 'emptied') return []
    const { entry, index } = found
    const path = `${pointer}/env/${index}/valueFrom`
    return entry.valueFrom == null
      ? [{ op: 'add', path, value: { fileKeyRef: fileKeyRef(wanted) } }]
      : [{ op: 'add', path: `${path}/fileKeyRef`, value: fileKeyRef(wanted) }]
  })
  return [
    ...append(
      `${pointer}/volumeMounts`,
      mounts,
      receivesObjects && hasFiles(config) && !isMounted ? [filesMount(mountPath)] : [],
    ),
    ...emptied,
    // Our variables come first, so that $(NAME) expands in the container's own.
    ...insert(`${pointer}/env`, container.env, 0, missing.map(envEntry)),
  ]
}

/** Members that the agent needs and another webhook may have dropped. Values that others changed are left alone. */
const essentials = [
  'args',
  'restartPolicy',
  'lifecycle',
  'startupProbe',
  'livenessProbe',
  'readinessProbe',
  'ports',
  'securityContext',
] as const

function restoreAgent(existing: Container, { agent, placement }: Plan): readonly AddOperation[] {
  const pointer = `/spec/initContainers/${placement.index}`
  const members = essentials
    .filter((member) => existing[member] == null && agent[member] !== undefined)
    .map(
      (member): AddOperation => ({
        op: 'add',
        path: `${pointer}/${member}`,
        value: agent[member],
      }),
    )
  const mounts = (agent.volumeMounts ?? []).filter(
    ({ mountPath }) => !existing.volumeMounts?.some((mount) => mount.mountPath === mountPath),
  )
  return [...members, ...append(`${pointer}/volumeMounts`, existing.volumeMounts, mounts)]
}

type List = readonly unknown[] | null | undefined

function append(path: string, list: List, values: readonly unknown[]): readonly AddOperation[] {
  return insert(path, list, list?.length ?? 0, values)
}

/** RFC 6902: `add` at an index inserts into a list. If the list is absent or null, the whole list is added. */
function insert(
  path: string,
  list: List,
  index: number,
  values: readonly unknown[],
): readonly AddOperation[] {
  if (values.length === 0) return []
  return list == null
    ? [{ op: 'add', path, value: values }]
    : values.map((value, i) => ({ op: 'add', path: `${path}/${index + i}`, value }))
}
