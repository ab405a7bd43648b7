import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { skipped } from '../../support/needs/without.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { connect } from '../client/api.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { findParts } from '../parts/find-parts.ts'

/** Changes what was installed, and lets kubectl run what `doctor` says. */
const env = { ...process.env }
const found = await findParts({ env, log: (line) => t.comment(line), names: ['kubectl'] })
const skip = found.kind === 'invalid' && skipped('go', found.problem)
const kubeconfig = env['KUBECONFIG'] ?? ''
const api = connect(kubeconfig)
t.teardown(() => api.close())

const admission = '/apis/admissionregistration.k8s.io/v1'
const configuration = `${admission}/mutatingwebhookconfigurations/zz-akv-injector`
const service = '/api/v1/namespaces/akv-injector/services/akv-injector-webhook'
const policy = `${admission}/validatingadmissionpolicies/akv-injector-certs`
const binding = `${admission}/validatingadmissionpolicybindings/akv-injector-certs`
const replace = (path: string, value: unknown) => [{ op: 'replace', path, value }]
const add = (path: string, value: unknown) => [{ op: 'add', path, value }]

/** Each change, and the field or object that `doctor` names. Without a patch, the object is deleted. */
const changes: readonly (readonly [string, object | undefined, string])[] = [
  [
    configuration,
    add('/webhooks/0/namespaceSelector/matchLabels', { team: 'a' }),
    'namespaceSelector of pods',
  ],
  [configuration, add('/webhooks/0/objectSelector', { matchLabels: { a: 'b' } }), 'objectSelector'],
  [configuration, replace('/webhooks/0/failurePolicy', 'Ignore'), 'failurePolicy of pods'],
  [configuration, replace('/webhooks/0/timeoutSeconds', 30), 'timeoutSeconds of pods'],
  [configuration, add('/webhooks/0/rules/0/operations/-', 'UPDATE'), 'rules of pods'],
  [configuration, [{ op: 'remove', path: '/webhooks/0/matchConditions' }], 'matchConditions of'],
  [configuration, replace('/webhooks/0/matchPolicy', 'Exact'), 'matchPolicy of pods'],
  [
    configuration,
    [
      { op: 'remove', path: '/webhooks/0/clientConfig/service' },
      ...add('/webhooks/0/clientConfig/url', 'https://127.0.0.1:1/'),
    ],
    'service of pods',
  ],
  [service, replace('/spec/ports/0/port', 444), 'ports of Service'],
  [service, add('/spec/selector/a', 'b'), 'selector of Service'],
  [service, undefined, 'Service akv-injector/akv-injector-webhook'],
  [
    policy,
    add('/spec/validations/0/expression', 'true'),
    'validations of ValidatingAdmissionPolicy',
  ],
  [policy, undefined, 'ValidatingAdmissionPolicy akv-injector-certs'],
  [binding, replace('/spec/validationActions', ['Audit']), 'validationActions of'],
  [binding, undefined, 'ValidatingAdmissionPolicyBinding akv-injector-certs'],
]

interface Check {
  readonly mark: string
  readonly sentence: string
  readonly hint?: string
}

/** What `doctor` says about changes. */
async function drift(): Promise<readonly Check[]> {
  const { stdout } = await runInProcess(['doctor', '--output', 'json'], {
    env: { KUBECONFIG: kubeconfig, CI: 'true' },
  })
  const { checks } = JSON.parse(stdout) as { readonly checks: readonly Check[] }
  return checks.filter(({ mark, sentence }) => mark !== 'ok' && sentence.startsWith('somebody'))
}

t.test('an install that nobody has changed', async (t) => {
  t.strictSame(await drift(), [])
})

t.test('what doctor says puts each change back', { skip }, async (t) => {
  if (found.kind === 'invalid') return
  const path = `${dirname(found.value.kubectl)}:${env['PATH']}`
  for (const [at, patch, named] of changes) {
    await api
      .call(
        patch === undefined
          ? { method: 'DELETE', path: at }
          : { method: 'PATCH', path: at, body: patch, contentType: 'application/json-patch+json' },
      )
      .then(expectSuccess)
    const [check, ...others] = await drift()
    t.strictSame(others, [], named)
    t.ok(check?.sentence.includes(named), `${check?.sentence}`)
    const [command = ''] = (check?.hint ?? '').split('; then ')
    await promisify(execFile)('sh', ['-c', command], { env: { ...env, PATH: path } })
    t.strictSame(await drift(), [], `${named}: ${command}`)
  }
})
