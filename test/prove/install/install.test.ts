import t from 'tap'
import { checkInstall } from '../../../prove/install/check-install.ts'
import { installResource } from '../../../prove/install/install-resource.ts'
import { markSelector, ownNamespace } from '../../../prove/install/own-install.ts'
import type { OwnInstall } from '../../../prove/plan/facts.ts'
import { makeAll, removeAll, survey } from '../../../prove/plan/run-plan.ts'
import { openRunState } from '../../../prove/plan/run-state.ts'
import { allScenarios } from '../../../prove/scenarios/all-scenarios.ts'
import { installScenarioIds } from '../../../prove/scenarios/scenario.ts'
import type { Ran, ToolCall, Tools } from '../../../prove/tools/tools.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { emptyWorld, fakeTools } from '../support/fake-tools.ts'
import { proofFacts } from '../support/proof-facts.ts'
import { ran } from '../support/ran.ts'

const install = { chart: './chart', values: [], rollsOut: false }
const chartText = 'apiVersion: v2\nname: akv-injector\nversion: 0.2.0\n'

const toolsThat = (answer: (call: ToolCall) => Ran): Tools => ({
  run: async (call) => answer(call),
  control: async () => ({ status: 200, body: {} }),
})

/** Why nothing is installed. */
async function refusalOf(given: OwnInstall, tools: Tools): Promise<string | undefined> {
  const check = await checkInstall(given, tools)
  return check.kind === 'refused' ? check.reason : undefined
}

t.test('nothing is installed where akv-injector, the driver or the operator is', async (t) => {
  const reason = (lines: string) =>
    refusalOf(
      install,
      toolsThat(({ tool }) => ran(tool === 'helm' ? chartText : lines)),
    )
  for (const line of [
    'MutatingWebhookConfiguration zz-akv-injector ',
    'ClusterRole akv-injector-certs ',
    'ValidatingAdmissionPolicy akv-injector-uninjected-pods ',
    'CustomResourceDefinition secretproviderclasses.secrets-store.csi.x-k8s.io ',
    'CustomResourceDefinition externalsecrets.external-secrets.io ',
    'CustomResourceDefinition passwords.generators.external-secrets.io ',
    'CSIDriver secrets-store.csi.k8s.io ',
  ])
    t.match(
      await reason(`ClusterRole admin \n${line}\n`),
      `the cluster has ${line.trim()}. --chart`,
    )
  const many = Array.from(
    { length: 7 },
    (_, at) => `CustomResourceDefinition ${'abcdefg'[at]}.external-secrets.io `,
  )
  t.match(await reason(many.join('\n')), ' c.external-secrets.io and 4 more. --chart')
  for (const lines of [
    '',
    'ClusterRole admin \nCSIDriver disk.csi.azure.com \n',
    'ClusterRoleBinding akv-injector-cluster-tests \n',
    // What an earlier run has left is removed first.
    'MutatingWebhookConfiguration zz-akv-injector prove-install\nClusterRole akv-injector-prove prove\n',
  ])
    t.equal(await reason(lines), undefined, lines)
})

t.test('a chart that isn’t ours, or that can’t be read, isn’t installed', async (t) => {
  const reason = (answer: (call: ToolCall) => Ran) => refusalOf(install, toolsThat(answer))
  t.match(
    await reason(() => ran('', 1)),
    /^helm isn’t on the PATH, or can’t read the chart "\.\/chart"/,
  )
  const earlier = { ...install, upgradeFrom: 'earlier' }
  const onlyChart = toolsThat(({ args }) =>
    args.includes('earlier') ? ran('', 1) : ran(chartText),
  )
  t.match(await refusalOf(earlier, onlyChart), 'can’t read the chart "earlier"')
  t.match(await reason(() => ran('name: other\n')), '"./chart" isn’t the chart of akv-injector')
  t.match(
    await reason(({ tool }) => (tool === 'helm' ? ran(chartText) : ran('', 1))),
    /^kubectl can’t list what is installed/,
  )
})

t.test('each chart is read once, and says its version', async (t) => {
  const read: string[] = []
  const tools = toolsThat(({ tool, args }) => {
    const chart = args.at(-1) ?? ''
    if (tool === 'helm') read.push(chart)
    return ran(tool === 'helm' ? chartText.replace('0.2.0', chart.slice(2)) : '')
  })
  const versionsOf = async (given: object) => await checkInstall({ ...install, ...given }, tools)
  t.strictSame(await versionsOf({ chart: './1.2.0', upgradeFrom: './1.1.0' }), {
    kind: 'possible',
    versions: { chart: '1.2.0', upgradeFrom: '1.1.0' },
  })
  t.strictSame(await versionsOf({ chart: './1.3.0' }), {
    kind: 'possible',
    versions: { chart: '1.3.0', upgradeFrom: undefined },
  })
  t.strictSame(read, ['./1.2.0', './1.1.0', './1.3.0'])
})

t.test('everything that changes an install says that it is the run’s', (t) => {
  const steps = allScenarios(proofFacts).flatMap(({ steps }) => steps)
  const calls = [
    ...installResource(install, true).remove,
    ...steps.flatMap((step) => (step.kind === 'call' ? [step.call] : [])),
  ].filter((call) => 'tool' in call)
  for (const { tool, args } of calls) {
    const isOurs =
      args.includes(markSelector) || args.join(' ').includes(`--namespace ${ownNamespace}`)
    t.ok(isOurs, `${tool} ${args.join(' ')}`)
  }
  t.ok(calls.length >= 7, `${calls.length} calls`)
  // A values file of the user may name another namespace.
  const values = calls.flatMap((call) => (call.tool === 'helm' && call.values) || [])
  for (const one of values) t.match(one, { namespaceOverride: ownNamespace })
  t.equal(values.length, 2)
  t.end()
})

t.test(
  'a run without a chart installs nothing, and removes what one with a chart has left',
  async (t) => {
    const plan = [installResource(undefined, false)]
    const world = { ...emptyWorld(), install: 'ours' as const }
    const tools = fakeTools(world)
    const state = openRunState(`${t.testdir()}/state.json`)
    const clock = fakeClock({})
    const abort = new AbortController().signal
    t.match(await survey(plan, tools), [{ presence: 'present' }])
    t.strictSame(await removeAll(plan, { tools, state }), [])
    t.equal(world.install, 'absent')
    await makeAll(
      plan,
      { clientIds: {}, principalIds: {}, versions: {} },
      { tools, state, clock, abort },
    )
    t.equal(world.install, 'absent')
  },
)

t.test('what changes an install is listed', (t) => {
  const changing = allScenarios(proofFacts).filter(({ steps }) =>
    steps.some((step) => step.kind === 'call' && 'tool' in step.call),
  )
  for (const { id } of changing) t.ok(installScenarioIds.includes(id), id)
  t.end()
})
