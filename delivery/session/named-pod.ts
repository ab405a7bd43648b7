import { podInAssertion } from '../../keyvault/entra/assertion.ts'
import { readTokenFile } from './token-file.ts'

/**
 * The `NAMESPACE/POD` that the token in the file is bound to. The webhook doesn't know a pod's name when it reviews the pod, and
 * the kubelet writes it into the token.
 *
 * @returns undefined if the token can't be read. The sign-in reads it, too, and reports the error
 */
export function namedPod(tokenFile: string): string | undefined {
  try {
    return podInAssertion(readTokenFile(tokenFile))
  } catch {
    return undefined
  }
}
