import { version } from '../../lib/version.ts'

/** Whom the logs of Azure show as the sender of a request. */
export interface Sender {
  /** Which of our programs: the agent of a pod, secret sync, or `akv-injector fetch`. Default: the agent. */
  readonly program?: 'agent' | 'sync' | 'fetch' | undefined
  /** `NAMESPACE/POD`. Absent: not shown, because a vault may be another team's. */
  readonly pod?: string | undefined
}

/**
 * The option of the SDKs with which the logs of Azure show who asked: `akv-injector/1.0.0 (agent)`. The SDKs append their own
 * names and versions.
 */
export const userAgentOptions = ({
  program = 'agent',
  pod,
}: Sender): { readonly userAgentPrefix: string } => ({
  userAgentPrefix: `akv-injector/${version} (${pod === undefined ? program : `${program}; ${pod}`})`,
})
