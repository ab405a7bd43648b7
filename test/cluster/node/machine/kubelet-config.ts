import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Network } from './network.ts'

/** Writes the kubelet's configuration. The folder already has its serving certificate and its client CA. */
export function writeKubeletConfig(options: {
  readonly folder: string
  readonly network: Network
  /** The domain of Services, if a DNS server listens at the network's gateway. */
  readonly clusterDomain?: string | undefined
}): void {
  const { folder, clusterDomain } = options
  const { name, gateway } = options.network
  // The machine's own resolv.conf may name a DNS server on loopback, which pods can't reach.
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
      // In the tests, no DNS server listens there. Without an address, the kubelet emits a warning event for each pod.
      clusterDNS: [gateway],
      ...(clusterDomain && { clusterDomain }),
      resolvConf: join(folder, 'resolv.conf'),
      // Don't evict pods if the machine runs low on memory or disk.
      evictionHard: {
        'memory.available': '1Mi',
        'nodefs.available': '0%',
        'imagefs.available': '0%',
      },
      imageGCHighThresholdPercent: 100,
    }),
  )
}
