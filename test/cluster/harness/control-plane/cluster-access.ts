import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { issueClientCertificate } from '../../../support/issue-client-certificate.ts'
import { issueTestAuthority } from '../../../support/issue-test-authority.ts'

export interface ClusterAccessOptions {
  /** An empty folder. */
  readonly folder: string
  /** The URL of the API server. */
  readonly url: string
  /** Addresses of the API server other than loopback. */
  readonly addresses: readonly string[]
  /** A node that needs credentials. */
  readonly node?: { readonly name: string; readonly address: string } | undefined
}

/**
 * Writes the keys, certificates and kubeconfigs of a cluster. They are worthless once the cluster is gone.
 *
 * @returns the path of an administrator's kubeconfig
 */
export async function writeClusterAccess(options: ClusterAccessOptions): Promise<string> {
  const { folder, url, addresses, node } = options
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const authority = await issueTestAuthority('cluster tests')
  const writeLeaf = async (name: string, subject: string, ipAddresses: readonly string[]) => {
    const leaf = await authority.issue({
      commonName: subject,
      dnsNames: [subject, 'localhost', 'kubernetes.default.svc'],
      ipAddresses,
    })
    write(`${name}.crt`, leaf.certificatePem)
    write(`${name}.key`, leaf.keyPem)
  }
  write('ca.crt', authority.certificatePem)
  await writeLeaf('tls', 'kube-apiserver', ['127.0.0.1', ...addresses])
  const caller = await issueClientCertificate(authority, 'kube-apiserver')
  write('kubelet-client.crt', caller.certificatePem)
  write('kubelet-client.key', caller.keyPem)
  writeServiceAccountKeys(write)
  const kubeconfig = (token: string) =>
    stringify(kubeconfigOf({ server: url, caPem: authority.certificatePem, token }))
  const [token, nodeToken] = [randomUUID(), randomUUID()]
  const users = [`${token},cluster-tests,1,system:masters`]
  // Without a node, tests may serve the logs of pods themselves.
  await writeLeaf('kubelet', node?.name ?? 'stand-in', [node?.address ?? '127.0.0.1'])
  if (node) {
    users.push(`${nodeToken},system:node:${node.name},2,system:nodes`)
    write('node.kubeconfig', kubeconfig(nodeToken))
  }
  write('tokens.csv', `${users.join('\n')}\n`)
  return write('kubeconfig', kubeconfig(token))
}

function writeServiceAccountKeys(write: (name: string, text: string) => void): void {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  write('service-accounts.key', privateKey)
  write('service-accounts.pub', publicKey)
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
