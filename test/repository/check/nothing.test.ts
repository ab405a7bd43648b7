import t, { type Test } from 'tap'
import { podText } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const without =
  'without pods, pod templates, SecretProviderClasses, ExternalSecrets, or annotated ServiceAccounts or Secrets'

const service = 'kind: Service\n---\nkind: ServiceAccount\n'
const release =
  'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: web }\n'

const repository = (t: Test) =>
  t.testdir({
    'a.yaml': service,
    'b.yaml': release,
    chart: { 'Chart.yaml': '' },
    dev: { 'kustomization.yaml': '' },
    prod: { 'kustomization.yaml': '' },
  })

t.test('files without anything of interest get a warning that describes them', async (t) => {
  const folder = repository(t)
  const seen = `nothing to check: 2 Kustomize folders and 1 Helm chart not rendered, 3 documents in 2 files ${without}`
  const { code, stdout } = await runInProcess(['check', '--no-render', folder])
  t.equal(code, 0)
  t.match(stdout, `warning: ${seen}\n`)
  t.match(stdout, /2 files, 0 pods checked, 0 problems, 1 warning, 2 objects not looked at\n$/)
  t.match(await runInProcess(['check', '--no-render', folder, '--strict']), {
    code: 1,
    stdout: seen,
  })
  t.match(await runInProcess(['check', '--no-render', folder, '--quiet']), { code: 0, stdout: '' })
  t.match(await runInProcess(['check', '--no-render', folder, '--strict', '--quiet']), {
    code: 1,
    stdout: `warning: ${seen}\n`,
  })
  t.match(await runInProcess(['check', '-'], { input: service }), {
    code: 0,
    stdout: `warning: nothing to check: 2 documents in 1 file ${without}\n`,
  })
})

t.test('a folder without manifests has nothing to describe', async (t) => {
  const folder = t.testdir({ 'README.md': 'Later.\n' })
  t.match(await runInProcess(['check', folder]), {
    code: 0,
    stdout: 'warning: nothing to check: no manifests found\n',
  })
})

t.test('JSON, GitHub and SARIF say it in their own way', async (t) => {
  const folder = repository(t)
  const printed = async (form: string) =>
    (await runInProcess(['check', '--no-render', folder, '--strict', '-o', form])).stdout
  t.match(JSON.parse(await printed('json')), {
    exitCode: 1,
    sums: { problems: 0, warnings: 1 },
    findings: [{ severity: 'warning', code: 'AKV_CHECK_NOTHING', file: folder }],
  })
  t.match(
    await printed('github'),
    /^::warning title=AKV_CHECK_NOTHING,file=\S+::.*nothing to check/,
  )
  const [sarif] = JSON.parse(await printed('sarif')).runs
  t.strictSame(sarif.results, [], 'code scanning refuses a result without a file')
  t.match(sarif.invocations, [
    {
      exitCode: 1,
      toolExecutionNotifications: [
        {
          descriptor: { id: 'AKV_CHECK_NOTHING', index: 0 },
          message: { text: /^nothing to check/ },
        },
      ],
    },
  ])
  t.match(sarif.tool.driver.notifications, [{ id: 'AKV_CHECK_NOTHING' }])
})

t.test('a pod, or a file that can’t be read, is enough to say something else', async (t) => {
  const folder = t.testdir({
    'a.yaml': service,
    'b.yaml': 'apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\na: [',
  })
  const broken = await runInProcess(['check', '--no-render', folder])
  t.equal(broken.code, 2)
  t.notMatch(broken.stdout, 'nothing to check')
  const pod = await runInProcess(['check', '-', '--strict'], { input: podText({}) })
  t.equal(pod.code, 0)
  t.notMatch(pod.stdout, 'nothing to check')
})

t.test('identity says it, too, and fails with --strict', async (t) => {
  const folder = repository(t)
  const stderr = `no pod and no ServiceAccount in these files reads from a vault: 2 Kustomize folders and 1 Helm chart not rendered, 3 documents in 2 files ${without}`
  t.match(await runInProcess(['identity', '--no-render', folder]), { code: 0, stdout: '', stderr })
  t.match(await runInProcess(['identity', '--no-render', folder, '--strict']), {
    code: 1,
    stdout: '',
    stderr,
  })
  const unrelated = await runInProcess(['identity', '-', '--strict'], { input: podText({}) })
  t.match(unrelated, { code: 1, stderr: /reads from a vault\n$/ })
})
