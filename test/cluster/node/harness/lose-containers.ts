import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { processesOf } from '../machine/leftovers.ts'
import { cgroupOf } from './cgroup-of.ts'
import { sandboxOf } from './containers.ts'
import type { OpenNode, RunningPod } from './open-node.ts'

/**
 * Ends all processes of running pods while containerd can't see it, as a reboot does. The node then restarts containerd, which
 * reports that the containers have ended, but not how.
 */
export async function loseContainers(node: OpenNode, pods: readonly RunningPod[]): Promise<void> {
  const { containerd } = node.environment
  const [runtime] = processesOf(`--config\0${join(dirname(containerd), 'containerd.toml')}`)
  if (!runtime) throw new Error(`no process has the socket ${containerd}`)
  const sandboxes = await Promise.all(pods.map((pod) => sandboxOf(node, pod)))
  const shims = sandboxes.flatMap((id) => processesOf(`-id\0${id}\0`))
  const lost = [...shims, ...pods.flatMap((pod) => processesOfPod(node, pod))]
  process.kill(Number(runtime), 'SIGSTOP')
  for (const pid of lost) killIfRunning(Number(pid))
  process.kill(Number(runtime), 'SIGKILL')
}

/** The containers of a pod have their cgroups side by side, and so has its sandbox. */
function processesOfPod(node: OpenNode, { status }: RunningPod): readonly string[] {
  const [app] = status.containerStatuses ?? []
  if (!app) throw new Error('the pod has no containers')
  const files = globSync(join(dirname(cgroupOf(node, app).folder), '*', 'cgroup.procs'))
  return files.flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean))
}

/** A process may have ended together with another one, such as its parent. */
function killIfRunning(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
