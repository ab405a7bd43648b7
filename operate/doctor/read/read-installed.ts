import { isAnswer } from '../../../kubernetes/answers.ts'
import { isObject, type JsonObject, objectAt } from '../../../lib/shape.ts'
import { mayRead } from '../../cluster/may-read.ts'
import { asClusterError } from '../../cluster/open-cluster.ts'
import type { ClusterFacts } from '../model/cluster-facts.ts'
import type { Install } from '../model/find-install.ts'
import { type InstalledObject, installedName, readInstalled } from '../model/installed.ts'
import { textAt } from '../model/objects.ts'
import type { ReadingCluster } from './list-readable.ts'

/** Reads what was installed, and the Services that it and the webhook configuration name, as far as the caller may. */
export async function readInstalledObjects(
  cluster: ReadingCluster,
  { namespace, entries }: Install,
): Promise<Pick<ClusterFacts, 'installed' | 'services'>> {
  const configMap =
    namespace === undefined
      ? undefined
      : await readObject(cluster, {
          what: 'what the install has set',
          ...{ resource: 'configmaps', namespace, name: installedName },
        })
  const installed = configMap && readInstalled(configMap)
  return { installed, services: await readServices(cluster, { installed, entries }) }
}

async function readServices(
  cluster: ReadingCluster,
  {
    installed = [],
    entries,
  }: Pick<Install, 'entries'> & { readonly installed: readonly InstalledObject[] | undefined },
): Promise<readonly JsonObject[] | undefined> {
  const named = [
    ...entries.map((entry) => objectAt(entry, 'clientConfig', 'service')),
    ...installed.filter(({ kind }) => kind === 'Service'),
  ].map((one) => ({ namespace: textAt(one, 'namespace'), name: textAt(one, 'name') }))
  const distinct = new Map(
    named
      .filter(({ namespace, name }) => namespace !== '' && name !== '')
      .map((one) => [`${one.namespace}/${one.name}`, one]),
  )
  const found = await Promise.all(
    [...distinct.values()]
      .slice(0, maxServices)
      .map((one) =>
        readObject(cluster, { what: 'the Service of the webhook', resource: 'services', ...one }),
      ),
  )
  // Without the right to read one of them, nothing can be said about any.
  return found.includes(undefined)
    ? undefined
    : found.flatMap((one) => (one?.['metadata'] === undefined ? [] : [one]))
}

/** The entries name one, and after a change perhaps another. */
const maxServices = 5

interface Named {
  readonly what: string
  readonly resource: string
  readonly namespace: string
  readonly name: string
}

/** Returns undefined if the caller may not read the object, and an empty one if there is none. */
async function readObject(
  cluster: ReadingCluster,
  { what, resource, namespace, name }: Named,
): Promise<JsonObject | undefined> {
  if (!(await mayRead(cluster, { what, verb: 'get', group: '', resource, namespace, name })))
    return undefined
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(name)}`
    const object = await cluster.get(path)
    return isObject(object) ? object : {}
  } catch (error) {
    if (isAnswer(error, 404)) return {}
    throw asClusterError(what, error)
  }
}
