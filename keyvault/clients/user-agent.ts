import { version } from '../../lib/version.ts'

/** Which of our programs sends a request: the agent of a pod, secret sync, or `akv-injector fetch`. */
export type Program = 'agent' | 'sync' | 'fetch'

/**
 * The option of the SDKs with which the logs of Azure show who asked: `akv-injector/1.0.0 (agent)`. The SDKs append their own
 * names and versions. A vault may be another team's, so it names no namespace and no pod.
 */
export const userAgentOptions = (program: Program): { readonly userAgentPrefix: string } => ({
  userAgentPrefix: `akv-injector/${version} (${program})`,
})
