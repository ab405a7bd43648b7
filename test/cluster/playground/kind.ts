import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { type Api, connect, type KubeObject } from '../client/api.ts'
import { clusterOf, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { publishIssuerKeys } from '../harness/publish-issuer-keys.ts'
import { installWithVault } from '../node/harness/install-with-vault.ts'
import { productImage } from '../node/images/product-image.ts'
import { execute } from '../node/machine/execute.ts'
import { installSync } from './install-sync.ts'

const name = 'akv-injector'

/** @throws Error if Docker doesn't have our image, or kind already has a cluster of our name */
export function checkKind(): void {
  try {
    execute('docker', ['image', 'inspect', productImage])
  } catch (error) {
    throw new Error(
      `Docker doesn't have the image ${productImage}; build it by npm run image. ${error}`,
    )
  }
  if (execute('kind', ['get', 'clusters']).split('\n').includes(name))
    throw new Error(
      `kind has a cluster ${name} that npm run cluster didn't create. If you don't need it: kind delete cluster --name ${name}`,
    )
}

/**
 * Creates a cluster with kind, which needs Docker instead of root and Go. The emulated cloud runs in the cluster.
 *
 * @param options.kubeconfig - the file to write
 * @param options.vaultData - the file with the content of the vaults
 * @throws Error if Docker or kind fails, after deleting the cluster
 */
export async function startKind(options: {
  readonly kubeconfig: string
  readonly vaultData: string
  readonly log: (line: string) => void
}): Promise<void> {
  const { kubeconfig, vaultData, log } = options
  try {
    log('creating a cluster with kind, which takes a minute')
    const flags = ['--kubeconfig', kubeconfig, '--wait', '120s']
    execute('kind', ['create', 'cluster', '--name', name, ...flags])
    execute('kind', ['load', 'docker-image', productImage, '--name', name])
    await installAll(connect(kubeconfig), readFileSync(vaultData, 'utf8'))
  } catch (error) {
    stopKind()
    throw error
  }
}

export const stopKind = (): string => execute('kind', ['delete', 'cluster', '--name', name])

async function installAll(api: Api, vaultData: string): Promise<void> {
  const cluster = clusterOf(api)
  await publishIssuerKeys(cluster)
  for (const object of cloudObjects(await cluster.issuer(), vaultData))
    expectSuccess(await cluster.apply(object))
  const azure = await untilEmulated(api)
  await installWithVault(cluster, azure)
  await installSync(cluster, azure)
  cluster.close()
}

function cloudObjects(issuer: string, vaultData: string): readonly KubeObject[] {
  const text = read('kind.yaml')
    .replace('ISSUER', issuer)
    .replace('image: IMAGE', `image: ${productImage}`)
  const [namespace, ...others] = parseAllDocuments(text).map((document) => document.toJS())
  const vault = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'vault', namespace: 'azure' },
    data: { 'vault.yaml': vaultData },
  }
  return [namespace, vault, ...others]
}

/** Waits for the emulator, and reads its URL and its CA from its log. */
async function untilEmulated(api: Api) {
  let log = ''
  await until(async () => {
    const path = '/api/v1/namespaces/azure/pods/emulator/log'
    log = String((await api.call({ method: 'GET', path })).body['text'] ?? '')
    return log.includes('accepts tokens of')
  }, 60_000)
  const [caPem = ''] = /-----BEGIN[\s\S]+-----END CERTIFICATE-----\n/.exec(log) ?? []
  const [, url = ''] = /^Entra and Key Vault +(\S+)$/m.exec(log) ?? []
  return { caPem, url }
}

const read = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8')
