import type { Test } from 'tap'
import { valueAt } from '../../../lib/shape.ts'
import type { ApiRequest } from '../api-server/answer-request.ts'
import { type ApiAnswer, failure } from '../api-server/api-answer.ts'
import { type ApiServer, startApiServer } from '../api-server/start-api-server.ts'
import type { InjectedPod } from './injected-pod.ts'

/** An API server with pods, whose kubelets serve the logs of agents. */
export async function servePods(t: Pick<Test, 'testdir' | 'teardown'>) {
  const server = await startApiServer(t)
  // Half an hour after the states of the tests. An agent that has said nothing for half a day isn't believed.
  server.date = new Date('2026-11-29T10:30:00Z')
  /** By `NAMESPACE/NAME`: the log, or how the API server fails to get it. */
  const logs = new Map<string, string | ApiAnswer>()
  const denied = new Set<string>()
  server.before = (request) => answerReview(request, denied) ?? answerLog(request, { server, logs })
  return {
    server,
    logs,
    /** Resources that the caller may not read: the API server says so to a SelfSubjectAccessReview. */
    denied,
    /** Puts a pod. Without a log, it has been deleted when its log is asked for. */
    put(pod: InjectedPod, log?: string | ApiAnswer): void {
      const { namespace, name } = pod.metadata
      server.objects.put(`/api/v1/namespaces/${namespace}/pods/${name}`, pod)
      if (log !== undefined) logs.set(`${namespace}/${name}`, log)
    },
    options: ['--kubeconfig', server.kubeconfigFile],
  }
}

function answerReview({ path, body }: ApiRequest, denied: ReadonlySet<string>) {
  if (!path.endsWith('/selfsubjectaccessreviews')) return undefined
  const resource = String(valueAt(body, 'spec', 'resourceAttributes', 'resource'))
  return [201, { ...(body as object), status: { allowed: !denied.has(resource) } }] as const
}

function answerLog(
  { path, query }: ApiRequest,
  {
    server,
    logs,
  }: {
    readonly server: Pick<ApiServer, 'objects'>
    readonly logs: ReadonlyMap<string, string | ApiAnswer>
  },
): ApiAnswer | undefined {
  const [, namespace, name] = /\/namespaces\/([^/]+)\/pods\/([^/]+)\/log$/.exec(path) ?? []
  if (namespace === undefined) return undefined
  const log = logs.get(`${namespace}/${name}`)
  if (log === undefined) {
    server.objects.delete(path.slice(0, -'/log'.length))
    return failure(404, 'NotFound', `pods "${name}" not found`)
  }
  if (typeof log !== 'string') return log
  const lines = log
    .split('\n')
    .slice(0, -1)
    .slice(-Number(query.get('tailLines')))
  return [200, lines.map((line) => `${line}\n`).join('')]
}
