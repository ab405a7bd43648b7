import t from 'tap'
import { valueAt } from '../../../lib/shape.ts'
import { brokenAnswer, failure } from '../../support/api-server/api-answer.ts'
import { node } from './harness/healthy-cluster.ts'
import { serveInstall } from './harness/serve-install.ts'

t.test('a healthy install gives no finding', async (t) => {
  const { server, doctor } = await serveInstall(t)
  const { code, stdout, stderr } = await doctor()
  t.equal(stderr, '')
  t.match(stdout, /^akv-injector in namespace akv-injector\n\nKubernetes\n√ API server v1\.36\.3\n/)
  t.match(stdout, /\n\n0 failures, 0 warnings, \d\d ok\n$/)
  t.equal(code, 0)
  const writes = server.requests.filter(
    ({ method, path, query }) =>
      method !== 'GET' && !path.endsWith('reviews') && query.get('dryRun') !== 'All',
  )
  t.strictSame(writes, [], 'it changes nothing')
  t.ok(server.requests.length > 20)
})

t.test('each failure has a hint, and a failure makes the exit code 1', async (t) => {
  const { server, doctor, putObject } = await serveInstall(t)
  putObject(node('old', 'v1.32.1'))
  server.objects.delete(
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/zz-akv-injector',
  )
  const { code, stdout } = await doctor()
  t.equal(code, 1)
  t.match(stdout, /^× nodes are older than 1\.33: old v1\.32\.1\n {4}akv-injector supports/m)
  t.match(stdout, /^× there is no webhook configuration of akv-injector.*\n {4}apply the install/m)
  t.match(stdout, /^2 failures, 0 warnings, \d+ ok$/m)
  const json = await doctor('--output', 'json')
  t.equal(json.code, 1)
  t.match(JSON.parse(json.stdout), {
    version: 1,
    tool: { name: 'akv-injector' },
    subject: 'akv-injector in namespace akv-injector',
    exitCode: 1,
    sums: { failure: 2, warning: 0, unknown: 0 },
    checks: [
      { section: 'Kubernetes', mark: 'ok', sentence: 'API server v1.36.3' },
      { section: 'Kubernetes', mark: 'failure', hint: /supports Kubernetes/ },
    ],
    details: { length: 0 },
  })
})

t.test('a missing right is reported once, and isn’t a failure', async (t) => {
  const { denied, doctor } = await serveInstall(t)
  const all = ['nodes', 'namespaces', 'deployments', 'secrets', 'pods', 'csidrivers']
  for (const resource of all) denied.add(resource)
  const { code, stdout } = await doctor('--install-namespace', 'akv-injector')
  t.equal(code, 0, stdout)
  t.match(stdout, /\n\n0 failures, 0 warnings, \d+ not checked, \d+ ok\n$/)
  const lines = stdout.split('\n').filter((line) => line.startsWith('? '))
  for (const resource of ['nodes', 'namespaces', 'deployments', 'pods', 'csidrivers'])
    t.equal(lines.filter((line) => line.includes(` ${resource}`)).length >= 1, true, resource)
  t.equal(new Set(lines).size, lines.length)
  t.ok(lines.length <= 8, stdout)
})

t.test('objects that can be read only in another namespace allow no conclusions', async (t) => {
  const { server, doctor } = await serveInstall(t)
  const { before } = server
  server.before = (request) => {
    const namespace = valueAt(request.body, 'spec', 'resourceAttributes', 'namespace')
    return request.path.endsWith('reviews') && namespace !== 'team-a'
      ? [201, { status: { allowed: false } }]
      : before(request)
  }
  for (const options of [[], ['--install-namespace', 'akv-injector']]) {
    const { code, stdout } = await doctor('-n', 'team-a', ...options)
    t.equal(code, 0, stdout)
    t.match(stdout, /^0 failures, 0 warnings, \d+ not checked, \d ok$/m)
    t.match(stdout, /^\? only in namespace team-a, these could be read: .*deployments, .*pods/m)
    t.notMatch(stdout, 'Secret sync')
    t.ok(stdout.split('\n').filter((line) => line.startsWith('? ')).length <= 9, stdout)
  }
})

t.test('somebody with view sees that the Service is gone', async (t) => {
  const { server, denied, doctor } = await serveInstall(t)
  for (const resource of ['mutatingwebhookconfigurations', 'secrets', 'nodes', 'namespaces'])
    denied.add(resource)
  server.objects.delete('/api/v1/namespaces/akv-injector/services/akv-injector-webhook')
  const { code, stdout } = await doctor()
  t.equal(code, 1)
  t.match(stdout, /^× somebody deleted Service akv-injector\/akv-injector-webhook: /m)
  t.match(stdout, /^1 failure, 0 warnings, \d+ not checked, \d+ ok$/m)
})

t.test('an API server that refuses all reviews', async (t) => {
  const { server, doctor } = await serveInstall(t)
  const { before } = server
  server.before = (request) =>
    request.path.endsWith('reviews') ? failure(403, 'Forbidden') : before(request)
  const { code, stdout } = await doctor()
  t.equal(code, 0)
  t.match(stdout, /0 failures, 0 warnings, \d+ not checked, 1 ok/)
})

t.test('a cluster that can’t be reached', async (t) => {
  const { server, doctor } = await serveInstall(t)
  server.before = () => failure(503, 'ServiceUnavailable', 'etcd is down')
  const { code, stdout, stderr } = await doctor()
  t.equal(code, 2)
  t.equal(stdout, '')
  t.match(stderr, /cannot read the version of the API server.*etcd is down/)
  server.before = () => brokenAnswer
  t.match(await doctor(), { code: 2, stdout: '', stderr: /cannot read the version/ })
})

t.test('a kind that can’t be listed is a failure, and the other checks are made', async (t) => {
  const { server, doctor } = await serveInstall(t)
  const { before } = server
  server.before = (request) =>
    request.path.endsWith('/podmonitors')
      ? failure(500, 'InternalError', 'conversion webhook for monitoring.coreos.com/v1 failed')
      : before(request)
  const { code, stdout } = await doctor()
  t.equal(code, 1)
  t.match(stdout, /^× podmonitors can’t be read: the API server answered 500: conversion webhook/m)
  t.match(stdout, /^1 failure, 0 warnings, \d\d ok$/m)
})

t.test('connections that break once do no harm', async (t) => {
  const { server, doctor } = await serveInstall(t)
  const { before } = server
  const dropped = new Set<string>()
  server.before = (request) => {
    if (request.method !== 'GET' || dropped.has(request.path)) return before(request)
    dropped.add(request.path)
    return brokenAnswer
  }
  const { code, stdout } = await doctor()
  t.equal(code, 0, stdout)
  t.match(stdout, '0 failures, 0 warnings')
  t.ok(dropped.size > 15, `${dropped.size} answers were cut`)
})

t.test('--wait repeats the checks until none fails', async (t) => {
  const { server, doctor, putObject } = await serveInstall(t)
  putObject(node('old', 'v1.32.1'))
  const { before } = server
  let rounds = 0
  server.before = (request) => {
    if (request.path === '/version' && ++rounds === 3) server.objects.delete('/api/v1/nodes/old')
    return before(request)
  }
  const { code, stdout } = await doctor('--wait', '1h')
  t.equal(rounds, 3)
  t.equal(code, 0)
  t.equal(stdout.match(/API server/g)?.length, 1, 'only the last report is printed')
  t.match(await doctor('--wait', 'long'), { code: 2, stderr: /expected a duration/ })
})

t.test('nothing unprintable is shown, and no key', async (t) => {
  const { putObject, doctor } = await serveInstall(t)
  const odd = '\u001b[2J\u202e\n× faked'
  putObject(node(`n${odd}`, 'v1.32.1'))
  putObject({
    kind: 'Secret',
    metadata: { namespace: 'akv-injector', name: 'akv-injector-webhook-tls' },
    data: { 'tls.crt': '', 'tls.key': 'c2VjcmV0LWtleQ==' },
  })
  putObject({
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: `zzz${odd}` },
    webhooks: [{ rules: [{ apiGroups: ['*'], operations: ['*'], resources: ['*'] }] }],
  })
  for (const output of ['text', 'json']) {
    const { code, stdout, stderr } = await doctor('--output', output)
    t.equal(code, 1)
    t.match(stdout, 'v1.32.1')
    t.notMatch(stdout + stderr, /[^\P{C}\n]/u)
    t.notMatch(stdout, /^× faked/m)
    t.notMatch(stdout, /c2VjcmV0|secret-key/)
  }
})

t.test('usage', async (t) => {
  const { doctor } = await serveInstall(t)
  t.match(await doctor('--output', 'yaml'), { code: 2, stderr: /Allowed choices are text, json/ })
  t.match(await doctor('-n', 'Bad_NS'), { code: 2, stderr: /invalid/ })
  t.match(await doctor('--context', 'none'), { code: 2, stderr: /has no context "none"/ })
})
