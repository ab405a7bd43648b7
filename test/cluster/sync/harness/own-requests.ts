import { followAuditLog } from './follow-audit-log.ts'

interface AuditEvent {
  readonly verb: string
  readonly user: { readonly username: string }
  readonly objectRef?: {
    readonly resource: string
    readonly subresource?: string
    readonly namespace?: string
  }
  readonly responseStatus?: { readonly code?: number }
}

/** How often a user has sent each kind of request, such as `patch externalsecrets/status`. */
export type RequestCounts = Readonly<Record<string, number>>

interface OwnRequests {
  readonly sent: RequestCounts
  /** Without those that a busy API server refuses or ends, which are sent again. */
  readonly answered: RequestCounts
  readonly succeeded: RequestCounts
}

/**
 * Follows the requests of a service account in the audit log of a local API server.
 *
 * @param namespaces - counts only requests within these. Other tests use the same API server, and the same service account.
 * @returns a function that counts the requests since its last call
 */
export function followOwnRequests(
  auditLogFile: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  namespaces?: readonly string[],
): () => Promise<OwnRequests> {
  const username = `system:serviceaccount:${namespace}:${name}`
  const newLines = followAuditLog(auditLogFile, { from: 'start' })
  return async () => {
    const sent: Record<string, number> = {}
    const answered: Record<string, number> = {}
    const succeeded: Record<string, number> = {}
    for await (const line of newLines()) {
      if (!line.includes(username)) continue
      const { verb, user, objectRef, responseStatus } = JSON.parse(line) as AuditEvent
      if (user.username !== username || objectRef === undefined) continue
      const { resource, subresource, namespace: within = '' } = objectRef
      if (namespaces?.includes(within) === false) continue
      const what = `${verb} ${[resource, subresource].filter(Boolean).join('/')}`
      const { code = 500 } = responseStatus ?? {}
      const counted = [sent]
      if (code !== 429 && code < 499) counted.push(answered)
      if (code < 300) counted.push(succeeded)
      for (const counts of counted) counts[what] = (counts[what] ?? 0) + 1
    }
    return { sent, answered, succeeded }
  }
}

const isWrite = (what: string) => /^(create|update|patch|delete)/.test(what)

/** The requests that change something. Tokens and Events aren't among them. */
export const writesIn = (counts: RequestCounts): RequestCounts =>
  Object.fromEntries(
    Object.entries(counts).filter(
      ([what]) => isWrite(what) && !/serviceaccounts\/token$|events$/.test(what),
    ),
  )
