import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kubeconfigText } from '../../support/kubeconfig-text.ts'
import type { Api } from './api.ts'
import { expectSuccess } from './expect-success.ts'
import { readKubeconfig } from './kubeconfig.ts'

export interface AccountKubeconfigOptions {
  /** A client that is allowed to request tokens of the account. */
  readonly api: Api
  readonly kubeconfigFile: string
  readonly account: { readonly name: string; readonly namespace: string }
  /** The folder for the file. */
  readonly folder: string
}

/**
 * Writes a kubeconfig with a token of a service account. It signs in as a pod does, without impersonation.
 *
 * @returns the path of the file
 */
export async function accountKubeconfig(options: AccountKubeconfigOptions): Promise<string> {
  const { api, kubeconfigFile, account, folder } = options
  const path = `/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}/token`
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
  const answer = expectSuccess(await api.call({ method: 'POST', path, body }))
  const { token } = answer.body['status'] as { token: string }
  const { server, ca: caPem } = readKubeconfig(kubeconfigFile)
  const file = join(folder, `${account.name}.kubeconfig`)
  writeFileSync(file, kubeconfigText({ server: server.href, token, caPem }))
  return file
}
