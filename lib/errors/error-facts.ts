export interface ErrorFacts {
  /** Whether another try can succeed. Roles, firewalls and federated credentials take minutes to take effect. */
  readonly isRetryable: boolean
  /** The agent's exit code. 1: a later start can succeed. 2: somebody has to correct the configuration first. */
  readonly exitCode: 1 | 2
  readonly means: string
  readonly remedy: string
  /** Only Secret sync fails with this code, and its controller never exits because of it. */
  readonly isOfSync?: true
  /** The agent only logs it. */
  readonly isWarning?: true
}

export const retryable = { isRetryable: true, exitCode: 1 } as const
export const permanent = { isRetryable: false, exitCode: 1 } as const
export const misconfigured = { isRetryable: false, exitCode: 2 } as const
