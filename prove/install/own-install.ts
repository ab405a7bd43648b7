import { madeBy, type OwnInstall } from '../plan/facts.ts'
import type { ToolCall } from '../tools/tools.ts'

/** Always the same, so that a run finds what another one has left. */
export const ownNamespace = 'akv-injector-prove-install'
const release = 'akv-injector'

/** The label of everything in the install. On the other things of a run, it has another value. */
const installMark = [madeBy, 'prove-install'] as const
export const markSelector = `--selector=${installMark.join('=')}`
export const installLabels = Object.fromEntries([installMark])

/** So that a scenario can scale the webhook back to them. */
const replicas = 2

const helm = (command: string, ...args: readonly string[]): ToolCall & { tool: 'helm' } => ({
  tool: 'helm',
  args: [command, release, ...args, '--namespace', ownNamespace],
})

/** Shorter than the time limit of a program, so that Helm itself gives up first. */
const wait = ['--wait', '--timeout=14m']

/** `helm install` as docs/install.md has it, with Secret sync, so that its scenarios run, too. */
export const installCall = (install: OwnInstall): ToolCall => ({
  ...helm('install', install.chart, ...valuesArgs(install), ...wait),
  values: ownValues(install),
})

/** The same for a release that may be there still. */
export const reinstallCall = (install: OwnInstall): ToolCall => ({
  ...helm('upgrade', install.chart, '--install', ...valuesArgs(install), ...wait),
  values: ownValues(install),
})

const valuesArgs = ({ values }: OwnInstall) => values.map((file) => `--values=${file}`)

/** These win over the values of the user. */
const ownValues = ({ rollsOut }: OwnInstall) => ({
  namespaceOverride: ownNamespace,
  commonLabels: installLabels,
  webhook: { replicas },
  sync: {
    ...{ enabled: true, classes: true, externalSecrets: true },
    ...(rollsOut && { rollouts: { enabled: true, interval: '1m' } }),
  },
})

/** `helm upgrade` as docs/install.md has it. */
export const upgradeCall = (chart: string, ...args: readonly string[]): ToolCall =>
  helm('upgrade', chart, '--reset-then-reuse-values', ...wait, ...args)

/** How docs/install.md switches injection off. Never somebody else's configuration, which has no label of ours. */
export const switchOffCall: ToolCall = {
  tool: 'kubectl',
  args: ['delete', 'mutatingwebhookconfigurations', markSelector, '--timeout=60s'],
}

/** How docs/install.md removes it, after {@link switchOffCall}. */
export const uninstallCall: ToolCall = helm('uninstall', '--ignore-not-found', ...wait)

/** Prints what Chart.yaml has. */
export const showCall = (chart: string): ToolCall => ({
  tool: 'helm',
  args: ['show', 'chart', chart],
})

export const testCall: ToolCall & { tool: 'helm' } = helm('test', '--timeout=4m')

/** Takes all replicas of the webhook away, or brings them back. */
export const scaleCall = (to: 'none' | 'all'): ToolCall => ({
  tool: 'kubectl',
  args: [
    ...['scale', 'deployment/akv-injector-webhook', `--replicas=${to === 'none' ? 0 : replicas}`],
    ...['--namespace', ownNamespace, '--timeout=60s'],
  ],
})
