import type { Operation } from 'fast-json-patch'
import type { ExitCode } from '../../command/exit-code.ts'
import { wantedValues } from '../../command/grants/wanted-values.ts'
import { applyPatch } from '../../command/review/apply-patch.ts'
import { describeInjection, findAgent } from '../../command/review/describe-injection.ts'
import { type AgentConfig, csiFolder, envFolder } from '../../delivery/contract.ts'
import { attended } from '../../delivery/projection/deadline.ts'
import type { Emulator } from '../../emulator/emulator.ts'
import type { ObjectReference } from '../../keyvault/reference.ts'
import type { PodTemplate } from '../../repository/input/objects/find-objects.ts'
import { describeSource } from '../../repository/input/text/file-error.ts'
import { accountOf } from '../../webhook/core/csi/account.ts'
import type { Pod } from '../../webhook/core/model/pod.ts'
import { admit } from './admit.ts'
import type { CleanUp } from './clean-up.ts'
import type { DemoOutput } from './demo-output.ts'
import { makeValue } from './made-up/make-value.ts'
import { usesOf } from './made-up/make-vaults.ts'
import { createPodNode, type PodNode } from './pod-node.ts'
import type { ServedWebhook } from './serve-webhook.ts'
import { waitFor } from './wait-for.ts'

interface DemoSetup {
  readonly template: PodTemplate
  /** The variables that the azure-workload-identity webhook would give to the agent. */
  readonly agentEnv: Readonly<Record<string, string>>
  readonly emulator: Emulator
  readonly webhook: ServedWebhook
  /** The folder to use as the agent's `/akv`. */
  readonly root: string
  readonly cleanUp: CleanUp
  readonly output: DemoOutput
}

/** How long to wait for a step. Even on a slow machine, a step takes less. */
const patienceMs = 30_000
/** Much shorter than in a real pod, so that the rotation shows at once. */
const demoRefreshSeconds = 1

/** Runs and prints the steps from the pod's admission to a rotated secret in its files. */
export async function runSteps(setup: DemoSetup): Promise<ExitCode> {
  const { output, root } = setup
  const pod = await showAdmission(setup)
  if (pod === undefined) return 1

  const node = createPodNode(root, findAgent(pod).config)
  const { config, agent, isFresh } = await showStart(setup, { pod, node })
  if (!(await isFresh)) {
    output.bad('The agent gave up. What kubectl describe pod would show:')
    output.quote(node.terminationMessage().trim())
    return 1
  }
  showContent(setup, { config, node })
  const isRotated = await showRotation(setup, { config, node })
  await agent.stop()
  if (isRotated) output.good('Done.')
  return isRotated ? 0 : 1
}

async function showAdmission(setup: DemoSetup): Promise<Pod | undefined> {
  const { template, webhook, output } = setup
  const { pod, namespace, title, manifest } = template
  output.step(`Admission of ${title} (${describeSource(manifest.source)})`)
  const { port, caPem: ca, path } = webhook
  const response = await admit({ port, ca, path, pod, namespace })
  output.line('the webhook logs:')
  output.quote(webhook.log().trim())
  if (!response.allowed) {
    output.bad('denied:')
    output.quote(response.status?.message ?? 'no reason given')
    return undefined
  }
  for (const warning of response.warnings ?? []) output.line(`warning: ${warning}`)
  if (response.patch === undefined) {
    output.bad('allowed, but not injected; the reason is in the log above')
    return undefined
  }
  const operations: Operation[] = JSON.parse(Buffer.from(response.patch, 'base64').toString())
  output.good(`allowed, with a patch of ${operations.length} operations:`)
  for (const { op, path } of operations) output.quote(`${op} ${path}`)
  const injected = applyPatch(pod, operations)
  output.line('the pod now has:')
  for (const line of describeInjection(injected, namespace)) output.quote(line)
  return injected
}

async function showStart(
  setup: DemoSetup,
  { pod, node }: { readonly pod: Pod; readonly node: PodNode },
) {
  const { output, emulator, template, cleanUp } = setup
  const serviceAccount = accountOf(pod)
  const { namespace } = template
  output.step('The agent, as the patch describes it')
  node.writeToken(await emulator.serviceAccountToken({ namespace, serviceAccount }))
  output.line(`signs in as system:serviceaccount:${namespace}:${serviceAccount}`)

  const planned = attended(findAgent(pod).config)
  const isSidecar = planned.refreshSeconds > 0
  if (isSidecar)
    output.line(
      `(refreshes every ${demoRefreshSeconds} s here, instead of every ${planned.refreshSeconds} s)`,
    )
  const config = isSidecar ? { ...planned, refreshSeconds: demoRefreshSeconds } : planned
  const started = performance.now()
  const agent = node.startAgent(config, setup.agentEnv)
  cleanUp.add(() => agent.stop())
  output.waiting('signing in and fetching')
  // The agent switches the volumes in this order, so once the last one is there, all are.
  const last = node.folders.at(-1) ?? envFolder
  const isFresh = Promise.race([
    waitFor(() => node.currentSet(last) !== undefined, config.timeoutSeconds * 1000 + patienceMs),
    agent.ended.then((code) => code === 0),
  ]).then((isWritten) => {
    if (isWritten)
      output.good(`all files written after ${Math.round(performance.now() - started)} ms`)
    return isWritten
  })
  return { config, agent, isFresh }
}

interface Running {
  readonly config: AgentConfig
  readonly node: PodNode
}

function showContent({ output }: DemoSetup, { config, node }: Running): void {
  for (const folder of node.folders.filter((folder) => folder !== envFolder)) {
    output.line(`${titleOf(folder)}, as the containers see them:`)
    for (const file of node.listFiles(folder)) output.quote(file)
  }
  if (config.env.length > 0)
    output.line(`Variables, for the kubelet to read: ${node.envNames().join(', ')}`)
}

const titleOf = (folder: string): string =>
  folder.startsWith(`${csiFolder}/`)
    ? `Files of the volume ${folder.slice(csiFolder.length + 1)}`
    : 'Files'

async function showRotation(
  { output, emulator }: DemoSetup,
  { config, node }: Running,
): Promise<boolean> {
  output.step('A rotation')
  if (config.refreshSeconds === 0) {
    output.line(
      config.volumes === undefined
        ? 'This pod fetches once. With akv-injector.io/refresh it would pick up new versions.'
        : 'This pod fetches once, as csi.refresh is 0 by default. With csi.refresh of the chart, or akv-injector.io/refresh, it would pick up new versions.',
    )
    return true
  }
  const before = new Map(node.folders.map((folder) => [folder, node.currentSet(folder)]))
  const rotated = rotateOne(config, emulator)
  if (rotated === undefined) {
    output.line('No object of this pod can be rotated: each is pinned to a version, or absent.')
    return true
  }
  output.line(rotated)
  output.waiting('waiting for the next refresh')
  const switched = () =>
    node.folders.find((folder) => node.currentSet(folder) !== before.get(folder))
  await waitFor(() => switched() !== undefined, patienceMs)
  const folder = switched()
  if (folder === undefined) {
    output.bad('the new version did not arrive')
    return false
  }
  output.line('All files switched in one step, when the link changed:')
  output.quote(`..data -> ${before.get(folder)}\n..data -> ${node.currentSet(folder)}`)
  if (folder === envFolder)
    output.line('A container gets new variables when it is created the next time.')
  else for (const file of node.listFiles(folder)) output.quote(file)
  return true
}

/** Rotates the first object that exists and isn't pinned to a version. Returns a sentence that names it. */
function rotateOne(config: AgentConfig, emulator: Emulator): string | undefined {
  for (const { object } of wantedValues(config)) {
    if (object.version !== undefined) continue
    const { vault, name } = object
    try {
      return `${vault}:${name} has a new version, ${emulator.rotate(rotation(config, object))}`
    } catch {
      // The object doesn't exist, because it is optional: try the next one.
    }
  }
  return undefined
}

/**
 * The emulator issues a new certificate itself. For a secret, the new value has the same form as the old one, so that
 * the pod can still read it.
 */
function rotation(config: AgentConfig, object: ObjectReference) {
  const { vault, type, name } = object
  return type === 'secret'
    ? { vault, name, value: makeValue(name, { uses: usesOf(config, object), revision: 'new' }) }
    : { vault, name }
}
