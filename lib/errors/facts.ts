export interface ErrorFacts {
  /** Worth another try: roles, firewalls and federations take minutes to take effect, networks recover. */
  readonly isRetryable: boolean
  /** 1: a later start may succeed. 2: not before somebody changes the configuration. */
  readonly exitCode: 1 | 2
  readonly means: string
  readonly remedy: string
  /** Only the controller of Secret sync says so, which ends with none of these. */
  readonly isOfSync?: true
}
