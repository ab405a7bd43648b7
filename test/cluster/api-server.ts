import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { stringify } from 'yaml'
import { issueAuthority, issueLeaf } from '../../certs/issue.ts'
import { connect } from './api.ts'
import { freePorts } from './free-ports.ts'
import { type Kept, keep, lastLines } from './keep.ts'
import type { Parts } from './parts.ts'

export interface LocalCluster {
  /** Signs in as an administrator. */
  readonly kubeconfigFile: string
  /** One JSON audit event a line, requests and answers included; of Secrets and tokens the metadata alone. */
  readonly auditLogFile: string
  stop(): Promise<void>
}

/**
 * An API server with its etcd and the controllers that make pods, on free ports of this machine. It has no node: pods
 * are admitted and stay pending.
 *
 * @param folder - an empty one, for all their files
 */
export async function startCluster(parts: Parts, folder: string): Promise<LocalCluster> {
  const [etcdPort = 0, etcdPeerPort = 0, apiPort = 0] = await freePorts(3)
  const access = await writeAccess(folder, apiPort)
  const started: Kept[] = []
  const start = (name: keyof Parts, args: Readonly<Record<string, string>>) => {
    const flags = Object.entries(args).map(([flag, value]) => `--${flag}=${value}`)
    const logFile = join(folder, `${name}.log`)
    const kept = keep({ program: parts[name], args: flags, logFile })
    started.push(kept)
    return { name, logFile, kept }
  }
  const stop = async () => {
    for (const kept of started.reverse()) await kept.stop()
  }
  try {
    const etcdUrl = `http://127.0.0.1:${etcdPort}`
    start('etcd', etcdFlags(folder, etcdUrl, `http://127.0.0.1:${etcdPeerPort}`))
    const server = start('kube-apiserver', apiServerFlags({ folder, etcdUrl, apiPort }))
    await untilReady(access.kubeconfigFile, server)
    start('kube-controller-manager', controllerFlags(folder, access.kubeconfigFile))
    return { ...access, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function untilReady(
  kubeconfigFile: string,
  server: { readonly name: string; readonly logFile: string; readonly kept: Kept },
): Promise<void> {
  const cluster = connect(kubeconfigFile)
  let ended = false
  void server.kept.ended.then(() => {
    ended = true
  })
  const deadline = Date.now() + readyTimeoutMs
  for (;;) {
    const ready = await cluster.call({ method: 'GET', path: '/readyz' }).catch(() => undefined)
    if (ready?.status === 200) return cluster.close()
    if (ended || Date.now() > deadline)
      throw new Error(
        `${server.name} ${ended ? 'ended' : 'is not ready'}; it said last:\n${lastLines(server.logFile)}`,
      )
    await delay(100)
  }
}

/** Keys, certificates and the kubeconfig; everything of it is worthless once the cluster is gone. */
async function writeAccess(folder: string, apiPort: number) {
  const now = new Date()
  const authority = await issueAuthority({ commonName: 'cluster tests', now, lifetimeDays: 2 })
  const leaf = await issueLeaf({
    authority,
    commonName: 'kube-apiserver',
    dnsNames: ['localhost', 'kubernetes.default.svc'],
    ipAddresses: ['127.0.0.1'],
    now,
    lifetimeDays: 1,
  })
  const token = randomUUID()
  const serviceAccounts = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  write('tls.crt', leaf.certificatePem)
  write('tls.key', leaf.keyPem)
  write('service-accounts.key', serviceAccounts.privateKey)
  write('service-accounts.pub', serviceAccounts.publicKey)
  write('ca.crt', authority.certificatePem)
  write('tokens.csv', `${token},cluster-tests,1,system:masters\n`)
  write('audit-policy.yaml', stringify(auditPolicy))
  const server = serverUrl(apiPort)
  const kubeconfig = kubeconfigOf({ server, caPem: authority.certificatePem, token })
  return {
    kubeconfigFile: write('kubeconfig', stringify(kubeconfig)),
    auditLogFile: join(folder, 'audit.log'),
  }
}

function kubeconfigOf(access: { server: string; caPem: string; token: string }) {
  const name = 'cluster-tests'
  const authority = Buffer.from(access.caPem).toString('base64')
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [
      { name, cluster: { server: access.server, 'certificate-authority-data': authority } },
    ],
    users: [{ name, user: { token: access.token } }],
  }
}

const serverUrl = (apiPort: number) => `https://127.0.0.1:${apiPort}`

const etcdFlags = (folder: string, url: string, peerUrl: string) => ({
  'data-dir': join(folder, 'etcd'),
  'listen-client-urls': url,
  'advertise-client-urls': url,
  'listen-peer-urls': peerUrl,
  // Nobody will read these data after a power cut.
  'unsafe-no-fsync': 'true',
})

interface ApiServerOptions {
  readonly folder: string
  readonly etcdUrl: string
  readonly apiPort: number
}

const apiServerFlags = ({ folder, etcdUrl, apiPort }: ApiServerOptions) => ({
  'etcd-servers': etcdUrl,
  'bind-address': '127.0.0.1',
  'secure-port': String(apiPort),
  'tls-cert-file': join(folder, 'tls.crt'),
  'tls-private-key-file': join(folder, 'tls.key'),
  'token-auth-file': join(folder, 'tokens.csv'),
  'authorization-mode': 'Node,RBAC',
  // Itself, so that whoever is to check its tokens finds the keys.
  'service-account-issuer': serverUrl(apiPort),
  'service-account-jwks-uri': `${serverUrl(apiPort)}/openid/v1/jwks`,
  'service-account-key-file': join(folder, 'service-accounts.pub'),
  'service-account-signing-key-file': join(folder, 'service-accounts.key'),
  'service-cluster-ip-range': '10.96.0.0/16',
  'allow-privileged': 'true',
  // Calls webhooks at their Service's end points: there is no kube-proxy that would serve its cluster IP.
  'enable-aggregator-routing': 'true',
  'audit-policy-file': join(folder, 'audit-policy.yaml'),
  'audit-log-path': join(folder, 'audit.log'),
})

const controllerFlags = (folder: string, kubeconfig: string) => ({
  kubeconfig,
  controllers:
    'serviceaccount-controller,namespace-controller,deployment-controller,replicaset-controller,job-controller,resourcequota-controller,root-ca-certificate-publisher-controller',
  'service-account-private-key-file': join(folder, 'service-accounts.key'),
  'root-ca-file': join(folder, 'ca.crt'),
  'leader-elect': 'false',
  'bind-address': '127.0.0.1',
  'secure-port': '0',
})

/** Everything but what nobody should ever log; the first rule that matches holds. */
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
