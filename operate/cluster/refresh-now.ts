import type { AgentState } from '../../delivery/agent-state.ts'
import { type AgentConfig, refreshNowKey } from '../../delivery/contract.ts'
import { requestMark } from '../../delivery/refresh-request.ts'
import { valueAt } from '../../lib/shape.ts'
import { annotationPrefix } from '../../requests/annotations/keys/own-annotations.ts'
import { showsRequests } from '../../webhook/core/injection/volumes.ts'

/** The mark of the annotation's text, or why the agent can't see it. */
export type RefreshNow = { readonly mark: string } | { readonly unseen: string }

/** Reads the annotation `akv-injector.io/refresh-now` of a pod. */
export function refreshNowOf(
  pod: unknown,
  config: AgentConfig | undefined,
): { readonly refreshNow?: RefreshNow } {
  const text = valueAt(pod, 'metadata', 'annotations', annotationPrefix + refreshNowKey)
  if (typeof text !== 'string' || text === '' || config === undefined) return {}
  if (config.refreshSeconds === 0)
    return { refreshNow: { unseen: `the pod has no ${annotationPrefix}refresh` } }
  if (!showsRequests(pod)) return { refreshNow: { unseen: tooOld } }
  return { refreshNow: { mark: requestMark(text) } }
}

const tooOld = `the pod is older than ${annotationPrefix}${refreshNowKey}; restart it once`

/** Whether an agent has refreshed as its pod asked, as the agent's own log says. */
export type RequestedRefresh =
  | { readonly kind: 'unseen'; readonly why: string }
  | { readonly kind: 'asked' }
  | { readonly kind: 'done'; readonly atMs: number }

/** @returns undefined if the pod asks for nothing, or had the annotation when its agent started */
export function requestedRefresh(
  request: RefreshNow | undefined,
  { refreshNow: served }: AgentState,
): RequestedRefresh | undefined {
  if (request === undefined) return undefined
  if ('unseen' in request) return { kind: 'unseen', why: request.unseen }
  if (served === undefined) return { kind: 'unseen', why: 'its agent is of an older version' }
  if (served.seen !== request.mark) return { kind: 'asked' }
  return served.at === undefined ? undefined : { kind: 'done', atMs: Date.parse(served.at) }
}
