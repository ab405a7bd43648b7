import { join, relative } from 'node:path'
import type { PlaygroundState } from './state.ts'

/** What one can do with a cluster that runs. */
export const describePlayground = (folder: string, state: PlaygroundState): string => `
  export KUBECONFIG=${join(folder, 'kubeconfig')}${state.by === 'node' ? ` PATH=${folder}:$PATH` : ''}
  kubectl apply -f ${examples}/files.yaml
  kubectl logs files
  kubectl describe pod files

In a few minutes files follow a secret that is rotated:

  kubectl apply -f ${examples}/refresh.yaml
${state.by === 'kind' ? forward : ''}  curl --json '${rotation}' ${state.by === 'kind' ? forwardedUrl : state.controlUrl}/rotate

The vaults are emulated: vault.yaml beside the examples says what they hold, and which service accounts of the namespace
default may read it. Secret sync is on, for the accounts of its examples.
${state.by === 'node' ? ofNode : ''}
npm run cluster:down takes it down, and leaves nothing behind.`

const examples = relative(process.cwd(), join(import.meta.dirname, '../../../manifests/examples'))
const rotation = JSON.stringify({ vault: 'team-a', name: 'db-password', value: 'another' })
const forward = '  kubectl -n azure port-forward pod/emulator 8445 &\n'
const forwardedUrl = 'http://127.0.0.1:8445'
const ofNode = `The images busybox:1.37 and nginx:1.29 (a busybox, too) are there without a registry. Pods have no DNS, and reach no
Service.
`
