/** A webhook that the API server couldn't call, by its message. */
export interface FailedCall {
  /** The entry of a webhook configuration: `pods.akv-injector.io`. */
  readonly webhook: string
  /** The part of the message that varies: `Post "…": x509: …`. */
  readonly reason: string
  readonly isOurs: boolean
}

/**
 * Reads the API server's message about a webhook that it couldn't call. The message is all that it says: there is no
 * field for it.
 */
export function readFailedCall(message: string): FailedCall | undefined {
  const [, webhook, rest = ''] =
    /failed calling webhook "([^"]{1,300})": (.*)$/s.exec(message) ?? []
  if (webhook === undefined) return undefined
  return {
    webhook,
    reason: /failed to call webhook: (.*)$/s.exec(rest)?.[1] ?? rest,
    isOurs: webhook.endsWith('pods.akv-injector.io'),
  }
}
