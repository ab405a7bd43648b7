import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Network } from './network.ts'

/** Writes what the kubelet reads. Its certificate and the authority of those who may call it are in the folder. */
export function writeKubeletConfig(folder: string, { name, gateway }: Network): void {
  // Of a file, as the machine's own may name a server on loopback, where pods have none.
  writeFileSync(join(folder, 'resolv.conf'), '')
  writeFileSync(
    join(folder, 'kubelet.yaml'),
    stringify({
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      address: gateway,
      healthzPort: 0,
      tlsCertFile: join(folder, 'kubelet.crt'),
      tlsPrivateKeyFile: join(folder, 'kubelet.key'),
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: false },
        x509: { clientCAFile: join(folder, 'ca.crt') },
      },
      authorization: { mode: 'AlwaysAllow' },
      containerRuntimeEndpoint: `unix://${join(folder, 'containerd.sock')}`,
      cgroupDriver: 'cgroupfs',
      cgroupRoot: `/${name}`,
      enforceNodeAllocatable: [],
      failCgroupV1: false,
      failSwapOn: false,
      makeIPTablesUtilChains: false,
      podLogsDir: join(folder, 'pod-logs'),
      volumePluginDir: join(folder, 'volume-plugins'),
      // Nobody answers there, but without one each pod is warned of that.
      clusterDNS: [gateway],
      resolvConf: join(folder, 'resolv.conf'),
      // The machine may be as full as it likes.
      evictionHard: {
        'memory.available': '1Mi',
        'nodefs.available': '0%',
        'imagefs.available': '0%',
      },
      imageGCHighThresholdPercent: 100,
    }),
  )
}
