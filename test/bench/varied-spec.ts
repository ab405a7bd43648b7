import type { exampleReview } from '../webhook/http/review.ts'

type PodSpec = ReturnType<typeof exampleReview>['request']['object']['spec']
type Container = PodSpec['containers'][number]

/**
 * Varies a pod as manifests differ: one to six containers, none to two that initialise, sidecars, three to nine volumes, every kind of
 * probe or none, and from none to dozens of variables. All follows from the number.
 *
 * @param size - 0 for pods of a few KB
 */
export function variedSpec(spec: PodSpec, n: number, size: 0 | 1) {
  const [web, worker] = spec.containers
  if (web === undefined || worker === undefined) throw new Error('the example has two containers')
  const volumes = [...spec.volumes, ...moreVolumes.slice(0, n % (size === 0 ? 4 : 7))]
  const vary = (container: Container, i: number) => variedContainer(container, { n: n + i, size })
  const workers = Array.from({ length: (n % 3) + size * (n % 4) }, (_, i) => ({
    ...worker,
    name: i === 0 ? 'worker' : `worker-${i}-${n}`,
  }))
  const sidecar = { ...worker, name: 'proxy', restartPolicy: 'Always' }
  const initialising = [...spec.initContainers, { ...worker, name: 'config' }].slice(0, n % 3)
  return {
    containers: [web, ...workers].map(vary),
    initContainers: [...(n % 4 === 1 ? [sidecar] : []), ...initialising].map(vary),
    volumes,
    ...(n % 5 === 0 && { nodeSelector: { pool: `pool-${n % 11}` } }),
    ...(n % 6 === 0 && { topologySpreadConstraints: [spreadOver('topology.kubernetes.io/zone')] }),
    ...(n % 7 === 0 && { imagePullSecrets: [{ name: 'registry' }], hostname: `web-${n}` }),
  }
}

function variedContainer(
  container: Container,
  { n, size }: { readonly n: number; readonly size: 0 | 1 },
) {
  const variables = Array.from({ length: (1 + size) * (n % 7) }, (_, i) => ({
    name: `SETTING_${i}`,
    value: i % 3 === 0 ? `https://service-${i}.team-${n % 9}.svc.cluster.local:8443/v1` : `${n}`,
  }))
  const requests = { cpu: `${50 * (1 + (n % 8))}m`, memory: `${64 * (1 + (n % 5))}Mi` }
  return {
    ...container,
    env: [...container.env.slice(0, n % 4), ...variables],
    ...(n % 3 === 0 && { envFrom: [{ configMapRef: { name: `settings-${n % 4}` } }] }),
    ...(n % 4 === 0 && { args: ['--config', '/etc/web/config.yaml', `--workers=${n % 16}`] }),
    resources: n % 5 === 0 ? {} : { ...container.resources, requests },
    volumeMounts: container.volumeMounts.slice(n % 2),
    ...probes[n % probes.length],
  }
}

const times = { initialDelaySeconds: 5, periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3 }
const http = { httpGet: { path: '/healthz', port: 8080, scheme: 'HTTP' }, ...times }
const probes: readonly object[] = [
  {},
  { readinessProbe: http },
  { readinessProbe: http, livenessProbe: http },
  { livenessProbe: { exec: { command: ['/bin/sh', '-c', 'test -f /tmp/alive'] }, ...times } },
  {
    startupProbe: { tcpSocket: { port: 8080 }, ...times },
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
  },
  { readinessProbe: { grpc: { port: 9090, service: 'health' }, ...times } },
]

const moreVolumes: readonly object[] = [
  { name: 'cache', emptyDir: { sizeLimit: '1Gi' } },
  { name: 'data', persistentVolumeClaim: { claimName: 'data-web-0' } },
  { name: 'tls', secret: { secretName: 'web-tls', defaultMode: 256, optional: true } },
  {
    name: 'podinfo',
    downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] },
  },
  { name: 'ca', projected: { sources: [{ configMap: { name: 'company-ca' } }] } },
  {
    name: 'scripts',
    configMap: { name: 'scripts', defaultMode: 493, items: [{ key: 'a', path: 'a' }] },
  },
]

const spreadOver = (topologyKey: string) => ({
  maxSkew: 1,
  topologyKey,
  whenUnsatisfiable: 'ScheduleAnyway',
  labelSelector: { matchLabels: { app: 'web' } },
})
