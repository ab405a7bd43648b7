import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { KubeObject } from '../../client/api.ts'
import { type Cluster, until } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'

const folder = join(import.meta.dirname, '../../../../manifests')

/** Returns the objects of the manifests, namespaces first. */
export function installObjects(): readonly KubeObject[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => readManifest(name))
    .sort((a, b) => Number(b.kind === 'Namespace') - Number(a.kind === 'Namespace'))
}

/** @param name - the name of a file in `manifests` */
export const readManifest = (name: string): KubeObject[] =>
  parseAllDocuments(readFileSync(join(folder, name), 'utf8'))
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null)

/**
 * Applies the manifests unchanged.
 *
 * @throws Error if the cluster already has an installation, or if the API server refuses an object; in the latter case the
 *   other objects are deleted first
 */
export async function install(cluster: Cluster, objects = installObjects()): Promise<void> {
  const [existing] = (await cluster.list(webhookConfiguration())).filter(
    ({ metadata }) => metadata.name === webhookConfiguration().metadata.name,
  )
  if (existing)
    throw new Error(
      'akv-injector is already installed in this cluster, and the tests would replace and remove it. Use a disposable cluster',
    )
  try {
    for (const object of objects) expectSuccess(await cluster.apply(object))
  } catch (error) {
    await uninstall(cluster).catch((left) => {
      throw new Error(`${error}\n${left}`)
    })
    throw error
  }
}

/**
 * Deletes the objects that `install` applied. The webhook configuration goes before the webhook's pods.
 *
 * @param others - further objects to delete, if they exist
 * @throws Error that lists the objects that could not be deleted, after trying all of them
 */
export async function uninstall(
  cluster: Cluster,
  others: readonly KubeObject[] = [],
): Promise<void> {
  const isConfiguration = ({ kind }: KubeObject) => kind === webhookConfiguration().kind
  const objects = installObjects().toSorted(
    (a, b) => Number(isConfiguration(b)) - Number(isConfiguration(a)),
  )
  const left: string[] = []
  for (const object of [...objects, ...others]) {
    const problem = await deletionProblem(cluster, object)
    if (problem) left.push(`${object.kind} ${object.metadata.name}: ${problem}`)
  }
  if (left.length > 0)
    throw new Error(
      `these objects of the tests could not be deleted from the cluster; delete them yourself:\n${left.join('\n')}`,
    )
}

const deletionProblem = (cluster: Cluster, object: KubeObject): Promise<string | undefined> =>
  cluster.delete(object).then(
    ({ status, body }) =>
      status < 300 || status === 404 ? undefined : `${status} ${body.message ?? ''}`,
    (error: unknown) => String(error),
  )

/** Resolves when the namespaces of an installation, and so all objects in them, are gone. */
export const untilGone = (cluster: Cluster): Promise<void> =>
  until(async () => {
    const namespaces = installObjects().filter(({ kind }) => kind === 'Namespace')
    const answers = await Promise.all(namespaces.map((namespace) => cluster.get(namespace)))
    return answers.every(({ status }) => status === 404)
  })

export function webhookConfiguration(): KubeObject {
  const found = installObjects().find(({ kind }) => kind === 'MutatingWebhookConfiguration')
  if (!found) throw new Error('the manifests have no webhook configuration')
  return found
}

/**
 * Replaces `caBundle`, so that the API server trusts this authority.
 *
 * @param configuration - the webhook configuration to apply; by default that of an install
 */
export async function publishAuthority(
  cluster: Cluster,
  caPem: string,
  configuration = webhookConfiguration(),
): Promise<void> {
  const webhooks = configuration['webhooks'] as { clientConfig: object }[]
  const caBundle = Buffer.from(caPem).toString('base64')
  expectSuccess(
    await cluster.apply({
      ...configuration,
      webhooks: webhooks.map((webhook) => ({
        ...webhook,
        clientConfig: { ...webhook.clientConfig, caBundle },
      })),
    }),
  )
}
