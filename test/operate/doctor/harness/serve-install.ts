import type { Test } from 'tap'
import { pathOfKind } from '../../../../operate/cluster/list-all.ts'
import { kinds } from '../../../../operate/doctor/read/kinds.ts'
import type { Manifest } from '../../../manifests/rendered.ts'
import type { ApiRequest } from '../../../support/api-server/answer-request.ts'
import type { ApiAnswer } from '../../../support/api-server/api-answer.ts'
import { servePods } from '../../../support/injected-pods/serve-pods.ts'
import { runInProcess } from '../../../support/run-in-process.ts'
import { installed, namespace, namespaces, nodes, servedCertificate } from './healthy-cluster.ts'

const secret = {
  kind: 'Secret',
  metadata: { namespace, name: 'akv-injector-webhook-tls' },
  data: { 'tls.crt': Buffer.from(servedCertificate).toString('base64') },
}

/** An API server with a healthy install. It answers a dry run as the webhook would. */
export async function serveInstall(t: Pick<Test, 'testdir' | 'teardown'>) {
  const { server, denied, logs, put, options } = await servePods(t)
  const answerPods = server.before
  // Certificates are made for the real time.
  server.date = undefined
  const putObject = (object: Manifest) => {
    const path = pathOf(object)
    if (path !== undefined) server.objects.put(path, object)
  }
  for (const object of [...installed(), ...nodes, ...namespaces, secret]) putObject(object)
  server.before = (request) => answerOther(request) ?? answerPods(request)
  return {
    ...{ server, denied, logs, put, putObject },
    /** Runs the command. */
    doctor: (...args: readonly string[]) =>
      runInProcess(['doctor', ...args, ...options], { env: { CI: 'true' } }),
  }
}

const listed = Object.values(kinds)
const ofCore: Readonly<Record<string, string>> = {
  ConfigMap: 'configmaps',
  Secret: 'secrets',
  Service: 'services',
}

function pathOf({ kind, metadata }: Manifest): string | undefined {
  const resource = ofCore[kind]
  if (resource !== undefined)
    return `/api/v1/namespaces/${metadata.namespace}/${resource}/${metadata.name}`
  const found = listed.find((one) => one.kind === kind)
  return found && `${pathOfKind(found, metadata.namespace)}/${metadata.name}`
}

function answerOther({ path, method, query, body }: ApiRequest): ApiAnswer | undefined {
  if (path === '/version') return [200, { gitVersion: 'v1.36.3' }]
  if (path === '/apis') return [200, { groups: listed.map(({ api }) => groupOf(api)) }]
  if (path.endsWith('/subjectaccessreviews')) return [201, { status: { allowed: true } }]
  if (method !== 'POST' || !path.endsWith('/pods') || query.get('dryRun') !== 'All')
    return undefined
  const pod = body as Manifest
  const agent = { name: 'akv-injector', env: [] }
  return [201, { ...pod, spec: { ...pod.spec, initContainers: [agent] } }]
}

const groupOf = (api: string) => ({ versions: [{ groupVersion: api.replace(/^apis\//, '') }] })
