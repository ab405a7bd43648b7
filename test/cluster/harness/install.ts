import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { KubeObject } from '../client/api.ts'
import { type Cluster, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'

const folder = join(import.meta.dirname, '../../../manifests')

/** The objects that an install applies, namespaces first. */
export function installObjects(): readonly KubeObject[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => readManifest(name))
    .sort((a, b) => Number(b.kind === 'Namespace') - Number(a.kind === 'Namespace'))
}

/** @param name - of a file, below `manifests` */
export const readManifest = (name: string): KubeObject[] =>
  parseAllDocuments(readFileSync(join(folder, name), 'utf8'))
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null)

/**
 * Applies the manifests as they stand.
 *
 * @throws Error when something of that name is in the cluster already: it would be somebody's install; and when an
 *   object is refused, after taking the others back
 */
export async function install(cluster: Cluster, objects = installObjects()): Promise<void> {
  const [there] = (await cluster.list(webhookConfiguration())).filter(
    ({ metadata }) => metadata.name === webhookConfiguration().metadata.name,
  )
  if (there)
    throw new Error(
      'akv-injector is installed in this cluster already. The tests replace and remove it: use a cluster that nobody needs',
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
 * Removes what `install` applied, the webhook configuration before what serves it.
 *
 * @param others - what else goes, be it there or not
 * @throws Error with what could not be removed, after trying all
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
      `the cluster keeps what the tests have installed; delete it yourself:\n${left.join('\n')}`,
    )
}

const deletionProblem = (cluster: Cluster, object: KubeObject): Promise<string | undefined> =>
  cluster.delete(object).then(
    ({ status, body }) =>
      status < 300 || status === 404 ? undefined : `${status} ${body.message ?? ''}`,
    (error: unknown) => String(error),
  )

/** Resolves when an uninstall is through: what is in a namespace goes with it, a moment later. */
export const untilGone = (cluster: Cluster): Promise<void> =>
  until(async () => {
    const namespaces = installObjects().filter(({ kind }) => kind === 'Namespace')
    const answers = await Promise.all(namespaces.map((namespace) => cluster.get(namespace)))
    return answers.every(({ status }) => status === 404)
  })

export function webhookConfiguration(): KubeObject {
  const found = installObjects().find(({ kind }) => kind === 'MutatingWebhookConfiguration')
  if (!found) throw new Error('the manifests hold no webhook configuration')
  return found
}

/** Has the API server trust this authority, whatever was in `caBundle`. */
export async function publishAuthority(cluster: Cluster, caPem: string): Promise<void> {
  const configuration = webhookConfiguration()
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
