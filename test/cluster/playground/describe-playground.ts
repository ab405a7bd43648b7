import { join, relative } from 'node:path'
import type { PlaygroundState } from './state.ts'

/** Returns what `npm run cluster` prints about a running cluster. */
export const describePlayground = (folder: string, state: PlaygroundState): string => `
  export KUBECONFIG=${join(folder, 'kubeconfig')}${state.runner === 'node' ? ` PATH=${folder}:$PATH` : ''}
  kubectl apply -f ${examples}/files.yaml
  kubectl logs files
  kubectl describe pod files

To see a rotated secret arrive in a file within a few minutes:

  kubectl apply -f ${examples}/refresh.yaml
${state.runner === 'kind' ? forward : ''}  curl --json '${rotation}' ${state.runner === 'kind' ? forwardedUrl : state.controlUrl}/rotate
  kubectl exec deployment/web -c web -- sh -c 'until grep another /mnt/secrets-store/db-password; do sleep 5; done'

The vaults are emulated. Their content and the service accounts that may read it come from the file of --vault-data, by
default vault.yaml beside the examples. Secret sync is on for ${state.runner === 'node' ? 'these service accounts, which exist' : 'the service accounts of the examples'}.
${state.runner === 'node' ? ofNode : ''}
npm run cluster:down removes the cluster and all its files.`

const examples = relative(process.cwd(), join(import.meta.dirname, '../../../manifests/examples'))
const rotation = JSON.stringify({ vault: 'team-a', name: 'db-password', value: 'another' })
const forward = '  kubectl -n azure port-forward pod/emulator 8445 &\n'
const forwardedUrl = 'http://127.0.0.1:8445'
const ofNode = `akv-injector is a release of Helm: helm test akv-injector -n akv-injector. The images busybox:1.37 and nginx:1.29 (also a
busybox) need no registry. Pods reach the vaults by their real names (https://team-a.vault.azure.net), so that
SecretProviderClasses, and ExternalSecrets with their stores, need no change. Pods reach Services by their names, but no host
outside of this machine.
`
