import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'

/** Where the API server is, and how to sign in to it. */
export interface ApiAccess {
  readonly host: string
  readonly port: number
  /** Reads the token and the certificates of the API server, which the kubelet renews. May reject. */
  readonly readCredentials: () => Promise<ApiCredentials>
}

export interface ApiCredentials {
  readonly token: string
  /** In PEM. */
  readonly ca: string
}

/** Where the kubelet mounts the token of the pod's ServiceAccount. */
const credentialsFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Finds the API server of the cluster that this process runs in, as every Kubernetes client does. */
export function inClusterAccess(
  env: Readonly<NodeJS.ProcessEnv>,
  folder = credentialsFolder,
): Parsed<ApiAccess> {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = env
  if (host === '' || !/^\d{1,5}$/.test(port))
    return invalid(
      'looking up SecretProviderClasses needs KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, which the kubelet sets in pods; run the webhook in a pod, or set AKV_INJECTOR_CSI to none',
    )
  const read = (name: string) => readFile(join(folder, name), 'utf8')
  return valid({
    host,
    port: Number(port),
    readCredentials: async () => {
      const [token, ca] = await Promise.all([read('token'), read('ca.crt')])
      return { token: token.trim(), ca }
    },
  })
}
