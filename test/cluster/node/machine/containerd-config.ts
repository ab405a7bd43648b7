import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Network } from './network.ts'

export interface ContainerdConfigOptions {
  readonly folder: string
  readonly network: Network
  /** The folder of the CNI plugins. */
  readonly pluginFolder: string
  readonly runc: string
}

/** The image of a pod's sandbox. Any image that sleeps will do. */
export const sandboxImage = 'localhost/akv-injector-sandbox:1'

/** Writes containerd's configuration, and the CNI configuration for pods. */
export function writeContainerdConfig(options: ContainerdConfigOptions): void {
  const { folder, network, pluginFolder, runc } = options
  const cniFolder = join(folder, 'cni')
  const text = `version = 3
root = ${quote(join(folder, 'containerd'))}
state = "/run/containerd"
[grpc]
  address = ${quote(join(folder, 'containerd.sock'))}
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = ${quote(sandboxImage)}
[plugins.'io.containerd.cri.v1.runtime']
  # In a container, runc may not lower OOM scores, and would fail.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = [${quote(pluginFolder)}]
  conf_dir = ${quote(cniFolder)}
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = ${quote(runc)}
`
  writeFileSync(join(folder, 'containerd.toml'), text)
  writeFileSync(join(cniFolder, 'pods.conflist'), JSON.stringify(podNetwork(network)))
}

/** Without `isGateway`, with which the plugin would enable packet forwarding for the machine. The bridge already has its address. */
const podNetwork = ({ name, podSubnet, gateway }: Network) => ({
  cniVersion: '1.0.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: name,
      ipam: {
        type: 'host-local',
        ranges: [[{ subnet: podSubnet, gateway }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
})

/** A JSON string is a valid TOML basic string for any path. */
const quote = (text: string) => JSON.stringify(text)
