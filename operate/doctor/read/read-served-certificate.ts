import { isAnswer } from '../../../kubernetes/answers.ts'
import { mayRead } from '../../cluster/may-read.ts'
import { asClusterError } from '../../cluster/open-cluster.ts'
import { type Install, servingSecretOf } from '../model/find-install.ts'
import { textAt } from '../model/objects.ts'
import type { ReadingCluster } from './list-readable.ts'

/**
 * Reads the webhook's serving certificate from its Secret, if the caller may. The private key in that Secret is never
 * kept.
 *
 * @returns undefined if the caller may not read it; empty if there is none
 */
export async function readServedCertificate(
  cluster: ReadingCluster,
  { components: { webhook } }: Pick<Install, 'components'>,
): Promise<string | undefined> {
  const name = webhook && servingSecretOf(webhook)
  if (webhook === undefined || name === undefined) return undefined
  const { namespace } = webhook
  const what = 'the serving certificate'
  const right = { what, verb: 'get', group: '', resource: 'secrets', namespace, name }
  if (!(await mayRead(cluster, right))) return undefined
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`
    const secret = await cluster.get(path)
    return Buffer.from(textAt(secret, 'data', 'tls.crt'), 'base64').toString()
  } catch (error) {
    if (isAnswer(error, 404)) return ''
    throw asClusterError(what, error)
  }
}
