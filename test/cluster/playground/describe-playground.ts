import { join, relative } from 'node:path'
import type { PlaygroundState } from './state.ts'

/** What one can do with a cluster that runs. */
export const describePlayground = (folder: string, { controlUrl }: PlaygroundState): string => `
  export KUBECONFIG=${join(folder, 'kubeconfig')} PATH=${folder}:$PATH
  kubectl apply -f ${relative(process.cwd(), examples)}/files.yaml
  kubectl logs files
  kubectl describe pod files

In a few minutes files follow a secret that is rotated:

  kubectl apply -f ${relative(process.cwd(), examples)}/refresh.yaml
  curl --json '{"vault":"team-a","name":"db-password","value":"another"}' ${controlUrl}/rotate

The vaults are emulated: vault.yaml beside the examples says what they hold, and which service accounts of the namespace
default may read it. Secret sync is on, for the accounts of its examples. The images busybox:1.37 and nginx:1.29 (a busybox,
too) are there without a registry. Pods have no DNS, and reach no Service.

npm run cluster:down takes it down, and leaves nothing behind.`

const examples = join(import.meta.dirname, '../../../manifests/examples')
