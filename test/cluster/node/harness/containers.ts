import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { KubeObject } from '../../client/api.ts'
import { processesOf } from '../machine/leftovers.ts'
import { cgroupOf } from './cgroup-of.ts'
import type { ContainerStatus, OpenNode, RunningPod } from './open-node.ts'

/** Kills the processes of a container, as the kernel does when memory runs out. */
export const killContainer = ({ environment }: OpenNode, { containerID = '' }: ContainerStatus) =>
  ctr(environment, 'tasks', 'kill', '--signal=SIGKILL', containerID.replace('containerd://', ''))

/**
 * Tells whether an agent waits for its next refresh and handles signals. A signal that arrives while the agent replaces its
 * process is lost (replace-process.ts).
 */
export function isWaiting(node: OpenNode, container: ContainerStatus): boolean {
  const [pid] = readFileSync(join(cgroupOf(node, container).folder, 'cgroup.procs'), 'utf8').split(
    '\n',
  )
  const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8')
  const caught = BigInt(`0x${/^SigCgt:\s*(\w+)$/m.exec(read('status'))?.[1] ?? '0'}`)
  const isHandled = (caught & (1n << BigInt(constants.signals.SIGTERM - 1))) !== 0n
  return isHandled && read('cmdline').split('\0').includes('--wait')
}

/** Kills a pod's sandbox. The kubelet then restarts the whole pod, as after a reboot of the node. */
export async function killSandbox(node: OpenNode, pod: KubeObject) {
  await ctr(node.environment, 'tasks', 'kill', '--signal=SIGKILL', await sandboxOf(node, pod))
}

/** Returns the ID of a pod's sandbox. */
export async function sandboxOf({ environment }: OpenNode, { metadata }: KubeObject) {
  const isOfPod = `labels."io.kubernetes.pod.uid"==${metadata['uid']}`
  const isSandbox = 'labels."io.cri-containerd.kind"==sandbox'
  const id = await ctr(environment, 'containers', 'ls', '--quiet', `${isOfPod},${isSandbox}`)
  return id.trim()
}

/** Kills the kubelet, which the node then restarts. */
export function killKubelet({ environment }: OpenNode): void {
  const flag = `--root-dir=${join(dirname(environment.containerd), 'kubelet')}`
  const [pid] = processesOf(flag)
  if (!pid) throw new Error(`no process has the flag ${flag}`)
  process.kill(Number(pid), 'SIGKILL')
}

/** Returns the status of a container or init container. */
export const statusOf = ({ status }: RunningPod, container: string): ContainerStatus | undefined =>
  [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].find(
    ({ name }) => name === container,
  )

export const agentStatus = (pod: RunningPod) => statusOf(pod, 'akv-injector')

/** Returns the agent's last termination message. */
export function lastMessage(pod: RunningPod): string | undefined {
  const { state, lastState } = agentStatus(pod) ?? {}
  return (state?.terminated ?? lastState?.terminated)?.message
}

/** Tells whether all these containers have restarted and are ready. */
export const isRestarted =
  (...names: readonly string[]) =>
  (pod: RunningPod): boolean =>
    names
      .map((name) => statusOf(pod, name))
      .every((status) => status?.ready && status.restartCount > 0)

async function ctr(
  { ctr, containerd }: OpenNode['environment'],
  ...args: readonly string[]
): Promise<string> {
  const all = ['--address', containerd, '--namespace=k8s.io', ...args]
  return (await promisify(execFile)(ctr, all)).stdout
}
