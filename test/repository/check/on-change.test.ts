import t from 'tap'
import { runInProcess } from '../../support/run-in-process.ts'

interface Shape {
  readonly metadata?: object
  readonly apiVersion?: string
  /** Annotations of the pod template. */
  readonly template?: object
}

const check = async (kind: string, { metadata, template, apiVersion = 'apps/v1' }: Shape) => {
  const pod = {
    metadata: { annotations: template },
    spec: { containers: [{ name: 'app', image: 'app' }] },
  }
  const shell =
    kind === 'CronJob' ? { jobTemplate: { spec: { template: pod } } } : { template: pod }
  const object = { apiVersion, kind, metadata: { name: 'web', ...metadata }, spec: shell }
  const asPod = { ...object, ...pod, metadata: { name: 'web', annotations: template } }
  const input = JSON.stringify(kind === 'Pod' ? asPod : object)
  const { code, stdout } = await runInProcess(['check', '-', '--output', 'json'], { input })
  const findings: readonly { code: string; severity: string; message: string }[] =
    JSON.parse(stdout).findings
  const ours = findings.filter(({ message }) => message.includes('on-change'))
  return { code, ours, findings }
}
const injected = (onChange: string) => ({
  'akv-injector.io/vault': 'team-a',
  'akv-injector.io/secrets': 'db-password',
  'akv-injector.io/on-change': onChange,
})
const own = (onChange: string) => ({ annotations: { 'akv-injector.io/on-change': onChange } })

t.test('the kinds that can be rolled out may ask for it in both places', async (t) => {
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet']) {
    t.match(await check(kind, { template: injected('rollout') }), { code: 0, ours: { length: 0 } })
    for (const value of ['rollout', 'rollout-env'])
      t.match(await check(kind, { metadata: own(value) }), { code: 0, findings: { length: 0 } })
  }
})

t.test('a wrong value is a problem in both places', async (t) => {
  const inTemplate = await check('Deployment', { template: injected('restart') })
  t.match(inTemplate, { code: 1, ours: [{ code: 'AKV_CHECK_DENIED', severity: 'problem' }] })
  const onWorkload = await check('Deployment', { metadata: own('restart') })
  t.match(onWorkload, { code: 1, ours: [{ code: 'AKV_CHECK_ROLLOUT', severity: 'problem' }] })
  for (const [{ message } = { message: '' }] of [inTemplate.ours, onWorkload.ours])
    t.match(message, /on-change "restart": expected "rollout", .* or "rollout-env"/)
})

t.test('a kind that isn’t rolled out is a warning in the template, else a problem', async (t) => {
  const hints = {
    Job: ['batch/v1', 'the next pod reads the new values anyway'],
    CronJob: ['batch/v1', 'the next pod reads the new values anyway'],
    Rollout: ['argoproj.io/v1alpha1', 'the restartAt of an Argo Rollout replaces pods without'],
    Deployment: ['example.com/v1', 'of apps/v1 is rolled out'],
    Service: ['serving.knative.dev/v1', 'only a Deployment, StatefulSet or DaemonSet of apps/v1'],
  } as const
  for (const [kind, [apiVersion, hint]] of Object.entries(hints)) {
    const inTemplate = await check(kind, { apiVersion, template: injected('rollout') })
    t.match(inTemplate, { code: 0, ours: [{ severity: 'warning', code: 'AKV_CHECK_ROLLOUT' }] })
    t.match(inTemplate.ours[0]?.message, hint)
    const onWorkload = await check(kind, { apiVersion, metadata: own('rollout') })
    t.match(onWorkload, { code: 1, ours: [{ severity: 'problem', code: 'AKV_CHECK_ROLLOUT' }] })
  }
  const pod = await check('Pod', { apiVersion: 'v1', template: injected('rollout') })
  t.match(pod, { code: 0, ours: [{ message: /not a pod that no workload creates/ }] })
})

t.test('a workload that a controller owns isn’t rolled out', async (t) => {
  const owner = { apiVersion: 'serving.knative.dev/v1', kind: 'Revision', name: 'web-1', uid: '1' }
  const of = (controller: boolean) => ({ ownerReferences: [{ ...owner, controller }] })
  t.match(await check('Deployment', { metadata: of(true), template: injected('rollout') }), {
    code: 0,
    ours: [{ message: /Revision\/web-1 controls this Deployment/ }],
  })
  t.match(await check('Deployment', { metadata: of(false), template: injected('rollout') }), {
    ours: { length: 0 },
  })
})

t.test('beside an injected template, only the annotation of the template counts', async (t) => {
  const { 'akv-injector.io/on-change': _, ...template } = injected('rollout')
  t.match(await check('Deployment', { metadata: own('rollout'), template }), {
    code: 1,
    ours: [{ code: 'AKV_CHECK_MISPLACED', message: /move it to spec\.template\.metadata/ }],
  })
})

t.test('in the template of pods that aren’t injected, it is refused with a sentence', async (t) => {
  const template = { 'akv-injector.io/on-change': 'rollout' }
  t.match(await check('Deployment', { template }), {
    code: 1,
    ours: [{ message: /nothing to fetch; .* move the annotation to metadata\.annotations of the/ }],
  })
})

t.test('accounts and Secrets are told where it belongs', async (t) => {
  for (const kind of ['ServiceAccount', 'Secret']) {
    const input = JSON.stringify({
      apiVersion: 'v1',
      kind,
      metadata: { name: 'web', ...own('rollout') },
    })
    const { stdout } = await runInProcess(['check', '-', '--output', 'json'], { input })
    t.match(
      JSON.parse(stdout).findings[0].message,
      /belongs on the workload whose pods use the Secret/,
    )
  }
})

t.test('the controller’s own annotation isn’t ours to report', async (t) => {
  const template = { 'rollout.akv-injector.io/restarted-at': '2026-11-26T11:05:14Z' }
  t.match(await check('Deployment', { template }), { code: 0, findings: { length: 0 } })
})
