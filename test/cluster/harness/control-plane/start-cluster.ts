import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { stringify } from 'yaml'
import { connect } from '../../client/api.ts'
import { until } from '../../client/cluster.ts'
import type { Network } from '../../node/machine/network.ts'
import type { apiServerParts, Parts } from '../../parts/find-parts.ts'
import { freePorts } from '../free-ports.ts'
import { lastLines } from '../last-lines.ts'
import { type OwnedProcess, startOwnedProcess } from '../owned-process.ts'
import { writeClusterAccess } from './cluster-access.ts'
import { mirrorIfNeeded } from './mirror-endpoints.ts'

type ApiServerParts = Parts<(typeof apiServerParts)[number]>

export interface LocalCluster {
  /** The kubeconfig of an administrator. */
  readonly kubeconfigFile: string
  /** One JSON audit event on each line, with request and response; Secrets and tokens only as metadata. */
  readonly auditLogFile: string
  /** The API server's port on 127.0.0.1. */
  readonly apiPort: number
  /** Kills the API server, starts another on the same port, and resolves when that one is ready. */
  restartApiServer(): Promise<void>
  stop(): Promise<void>
}

export interface ClusterOptions {
  readonly parts: ApiServerParts
  /** An empty folder for all files of the cluster. */
  readonly folder: string
  /** The network of the node, if there is to be one. */
  readonly network?: Network | undefined
  /** Further flags of the API server, such as `admission-control-config-file`. */
  readonly apiServerFlags?: Readonly<Record<string, string>>
}

/**
 * Starts an API server, etcd and the controllers on free ports of this machine. Without a node, pods are admitted but
 * stay pending.
 */
export async function startCluster(options: ClusterOptions): Promise<LocalCluster> {
  const { parts, folder, network } = options
  const [etcdPort = 0, etcdPeerPort = 0, apiPort = 0] = await freePorts(3)
  const kubeconfigFile = await writeClusterAccess({
    folder,
    url: serverUrl(apiPort),
    addresses: network ? [network.apiAddress] : [],
    node: network && { name: network.name, address: network.gateway },
  })
  writeFileSync(join(folder, 'audit-policy.yaml'), stringify(auditPolicy))
  const started: { stop(): Promise<unknown> }[] = []
  const start = (program: string, args: Readonly<Record<string, string>>) => {
    const name = basename(program)
    const logFile = join(folder, `${name}.log`)
    const child = startOwnedProcess({ program, args: flags(args), logFile })
    started.push(child)
    return { name, logFile, child }
  }
  const stop = async () => {
    for (const child of started.reverse()) await child.stop()
  }
  try {
    const etcdUrl = `http://127.0.0.1:${etcdPort}`
    start(parts.etcd, etcdFlags(folder, etcdUrl, `http://127.0.0.1:${etcdPeerPort}`))
    const serverFlags = {
      ...apiServerFlags({ folder, etcdUrl, apiPort, network }),
      ...options.apiServerFlags,
    }
    let server = start(parts['kube-apiserver'], serverFlags)
    await untilReady(kubeconfigFile, server)
    started.push({ stop: await mirrorIfNeeded(kubeconfigFile) })
    start(parts['kube-controller-manager'], controllerFlags(folder, kubeconfigFile))
    const restartApiServer = async () => {
      server.child.kill()
      await untilGone(kubeconfigFile)
      server = start(parts['kube-apiserver'], serverFlags)
      await untilReady(kubeconfigFile, server)
    }
    const auditLogFile = join(folder, 'audit.log')
    return { kubeconfigFile, auditLogFile, apiPort, restartApiServer, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function untilReady(
  kubeconfigFile: string,
  server: { readonly name: string; readonly logFile: string; readonly child: OwnedProcess },
): Promise<void> {
  const cluster = connect(kubeconfigFile)
  let ended = false
  void server.child.ended.then(() => {
    ended = true
  })
  const isReady = async () => {
    const answer = await cluster.call({ method: 'GET', path: '/readyz' }).catch(() => undefined)
    return answer?.status === 200
  }
  try {
    await until(async () => ended || (await isReady()), readyTimeoutMs)
  } catch {
    throw new Error(`${server.name} is not ready. Its last output:\n${lastLines(server.logFile)}`)
  } finally {
    cluster.close()
  }
  if (ended) throw new Error(`${server.name} ended. Its last output:\n${lastLines(server.logFile)}`)
}

/** The API server can outlive the shell that ran it for a moment. */
async function untilGone(kubeconfigFile: string): Promise<void> {
  const cluster = connect(kubeconfigFile)
  const answers = () =>
    cluster.call({ method: 'GET', path: '/livez' }).then(
      () => true,
      () => false,
    )
  while (await answers()) await delay(10)
  cluster.close()
}

/** Formats flags as Kubernetes' programs take them. */
export const flags = (values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).map(([flag, value]) => `--${flag}=${value}`)

const serverUrl = (apiPort: number) => `https://127.0.0.1:${apiPort}`

const etcdFlags = (folder: string, url: string, peerUrl: string) => ({
  'data-dir': join(folder, 'etcd'),
  'listen-client-urls': url,
  'advertise-client-urls': url,
  'listen-peer-urls': peerUrl,
  // The data don't have to survive a power cut.
  'unsafe-no-fsync': 'true',
})

interface ApiServerOptions {
  readonly folder: string
  readonly etcdUrl: string
  readonly apiPort: number
  readonly network: Network | undefined
}

const apiServerFlags = ({ folder, etcdUrl, apiPort, network }: ApiServerOptions) => ({
  'etcd-servers': etcdUrl,
  'bind-address': '127.0.0.1',
  'secure-port': String(apiPort),
  'tls-cert-file': join(folder, 'tls.crt'),
  'tls-private-key-file': join(folder, 'tls.key'),
  'token-auth-file': join(folder, 'tokens.csv'),
  'authorization-mode': 'Node,RBAC',
  // The API server itself, so that the emulator can fetch the keys of its tokens.
  'service-account-issuer': serverUrl(apiPort),
  'service-account-jwks-uri': `${serverUrl(apiPort)}/openid/v1/jwks`,
  'service-account-key-file': join(folder, 'service-accounts.pub'),
  'service-account-signing-key-file': join(folder, 'service-accounts.key'),
  'service-cluster-ip-range': network?.serviceSubnet ?? '10.96.0.0/16',
  'allow-privileged': 'true',
  // Calls webhooks at the endpoints of their Service, because there is no kube-proxy to serve a cluster IP.
  'enable-aggregator-routing': 'true',
  // There is no DNS for the node's name.
  'kubelet-preferred-address-types': 'InternalIP',
  'kubelet-certificate-authority': join(folder, 'ca.crt'),
  'kubelet-client-certificate': join(folder, 'kubelet-client.crt'),
  'kubelet-client-key': join(folder, 'kubelet-client.key'),
  'audit-policy-file': join(folder, 'audit-policy.yaml'),
  'audit-log-path': join(folder, 'audit.log'),
})

const controllerFlags = (folder: string, kubeconfig: string) => ({
  kubeconfig,
  controllers: controllers.map((name) => `${name}-controller`).join(','),
  'service-account-private-key-file': join(folder, 'service-accounts.key'),
  'root-ca-file': join(folder, 'ca.crt'),
  // On a busy machine, a kubelet can be late. If the node counted as lost, none of its pods would be ready.
  'node-monitor-grace-period': '1h',
  // Thousands of workloads, as benches have them, would otherwise wait for minutes.
  'kube-api-qps': '200',
  'kube-api-burst': '400',
  ...plainProcess,
})

/** Flags of a controller that has no replicas and serves no port. */
export const plainProcess = {
  'leader-elect': 'false',
  'bind-address': '127.0.0.1',
  'secure-port': '0',
}

/** The controllers that create pods, that manage nodes and their pods, that fill the ClusterRole admin, and that the manifests need. */
const controllers = [
  'serviceaccount',
  'clusterrole-aggregation',
  'namespace',
  'deployment',
  'replicaset',
  'statefulset',
  'daemonset',
  'job',
  'cronjob',
  'disruption',
  'resourcequota',
  'root-ca-certificate-publisher',
  'endpointslice',
  'garbage-collector',
  'node-lifecycle',
  'pod-garbage-collector',
  // Reports type errors of admission policies in their status.
  'validatingadmissionpolicy-status',
]

/** Logs everything but the content of Secrets and tokens. The first rule that matches applies. */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'Metadata',
      resources: [{ group: '', resources: ['secrets', 'serviceaccounts/token'] }],
    },
    { level: 'RequestResponse' },
  ],
}

const readyTimeoutMs = 90_000
