import type { Operation } from 'fast-json-patch'
import type { Emulator } from '../../emulator/emulator.ts'
import { type AgentConfig, envFolder, filesFolder, hasFiles } from '../../init-agent/contract.ts'
import type { ObjectReference } from '../../keyvault/reference.ts'
import type { Pod } from '../../webhook/core/pod.ts'
import { describeInjection, findAgent } from '../check/describe-injection.ts'
import type { ExitCode } from '../exit-code.ts'
import type { PodTemplate } from '../input/find-objects.ts'
import { patchedPod } from '../input/patched-pod.ts'
import type { Manifest } from '../input/read-manifests.ts'
import { admit } from './admit.ts'
import type { Child } from './child.ts'
import type { CleanUp } from './clean-up.ts'
import type { Narrator } from './narrator.ts'
import { createPodNode, type PodNode } from './pod-node.ts'
import type { ServedWebhook } from './serve-webhook.ts'
import { waitFor } from './wait-for.ts'
import { serviceAccountOf, workloadIdentity } from './workload-identity.ts'

export interface Stage {
  readonly template: PodTemplate
  readonly manifests: readonly Manifest[]
  readonly tenantId: string
  readonly emulator: Emulator
  readonly webhook: ServedWebhook
  /** The folder that stands for the agent's `/akv`. */
  readonly root: string
  readonly cleanUp: CleanUp
  readonly narrator: Narrator
}

/** Longer than any step takes on a slow machine. */
const patienceMs = 30_000
/** A minute or an hour would be long to watch. */
const demoRefreshSeconds = 1

/** From the pod's admission to a rotated secret in its files. */
export async function tell(stage: Stage): Promise<ExitCode> {
  const { narrator, root } = stage
  const pod = await tellAdmission(stage)
  if (pod === undefined) return 1

  const node = createPodNode(root)
  const { config, agent, isFresh } = await tellStart(stage, { pod, node })
  if (!(await isFresh)) {
    narrator.bad('The agent gave up. What kubectl describe pod would show:')
    narrator.quote(node.terminationMessage().trim())
    return 1
  }
  tellContent(stage, { config, node })
  const isRotated = await tellRotation(stage, { config, node })
  await agent.stop()
  if (isRotated) narrator.good('Done.')
  return isRotated ? 0 : 1
}

async function tellAdmission(stage: Stage): Promise<Pod | undefined> {
  const { template, webhook, narrator } = stage
  const { pod, namespace, title, manifest } = template
  narrator.step(`Admission of ${title} (${manifest.source})`)
  const response = await admit({ port: webhook.port, ca: webhook.caPem, pod, namespace })
  narrator.line('the webhook logs:')
  narrator.quote(webhook.log().trim())
  if (!response.allowed) {
    narrator.bad('denied:')
    narrator.quote(response.status?.message ?? 'no reason given')
    return undefined
  }
  for (const warning of response.warnings ?? []) narrator.line(`warning: ${warning}`)
  if (response.patch === undefined) {
    narrator.bad('allowed, and left as it is: the annotations ask for nothing')
    return undefined
  }
  const operations: Operation[] = JSON.parse(Buffer.from(response.patch, 'base64').toString())
  narrator.good(`allowed, with a patch of ${operations.length} operations:`)
  for (const { op, path } of operations) narrator.quote(`${op} ${path}`)
  const injected = patchedPod(pod, operations)
  narrator.line('which makes:')
  for (const line of describeInjection(injected)) narrator.quote(line)
  return injected
}

async function tellStart(
  stage: Stage,
  { pod, node }: { readonly pod: Pod; readonly node: PodNode },
) {
  const { narrator, emulator, template, cleanUp } = stage
  const serviceAccount = serviceAccountOf(pod)
  const { namespace } = template
  narrator.step('The agent, as the patch describes it')
  node.writeToken(await emulator.serviceAccountToken({ namespace, serviceAccount }))
  narrator.line(`signs in as system:serviceaccount:${namespace}:${serviceAccount}`)

  const { config: planned } = findAgent(pod)
  const isSidecar = planned.refreshSeconds > 0
  if (isSidecar)
    narrator.line(
      `(refreshes every ${demoRefreshSeconds} s here, so that nobody has to wait ${planned.refreshSeconds} s)`,
    )
  const config = isSidecar ? { ...planned, refreshSeconds: demoRefreshSeconds } : planned
  const started = performance.now()
  const agent = node.startAgent(config, workloadIdentity(stage, pod))
  cleanUp.add(() => agent.stop())
  narrator.waiting('signing in and fetching')
  const folder = hasFiles(config) ? filesFolder : envFolder
  const isFresh = Promise.race([
    waitFor(() => node.currentSet(folder) !== undefined, config.timeoutSeconds * 1000 + patienceMs),
    agent.ended.then((code) => code === 0),
  ]).then((isWritten) => {
    if (isWritten)
      narrator.good(`everything is written after ${Math.round(performance.now() - started)} ms`)
    return isWritten
  })
  return { config, agent, isFresh }
}

interface Running {
  readonly config: AgentConfig
  readonly node: PodNode
  readonly agent?: Child
}

function tellContent({ narrator }: Stage, { config, node }: Running): void {
  if (hasFiles(config)) {
    narrator.line('Files, as the containers see them:')
    for (const file of node.listFiles()) narrator.quote(file)
  }
  if (config.env.length > 0)
    narrator.line(`Variables, for the kubelet to read: ${node.envNames().join(', ')}`)
}

async function tellRotation(
  { narrator, emulator }: Stage,
  { config, node }: Running,
): Promise<boolean> {
  narrator.step('A rotation')
  if (config.refreshSeconds === 0) {
    narrator.line('This pod fetches once. With akv-injector.io/refresh it would follow the vault.')
    return true
  }
  const folder = hasFiles(config) ? filesFolder : envFolder
  const before = node.currentSet(folder)
  const rotated = rotateOne(config, emulator)
  if (rotated === undefined) {
    narrator.line('No object of this pod can be rotated: all are pinned to a version, or absent.')
    return true
  }
  narrator.line(rotated)
  narrator.waiting('the agent looks again')
  const hasSwitched = await waitFor(() => node.currentSet(folder) !== before, patienceMs)
  if (!hasSwitched) {
    narrator.bad('the pod did not follow')
    return false
  }
  narrator.line('All of it switched in one step, as the link moved:')
  narrator.quote(`..data -> ${before}\n..data -> ${node.currentSet(folder)}`)
  if (hasFiles(config)) for (const file of node.listFiles()) narrator.quote(file)
  else narrator.line('A container sees new variables when it is created the next time.')
  return true
}

/** Rotates the first object that the emulator has and no version pins; says which. */
function rotateOne(config: AgentConfig, emulator: Emulator): string | undefined {
  const wanted = hasFiles(config) ? [...config.files, ...valuesOf(config)] : config.env
  for (const { object } of wanted) {
    if (object.version !== undefined) continue
    const { vault, name } = object
    try {
      return `${vault}:${name} has a new version, ${emulator.rotate(rotation(object))}`
    } catch {
      // There is no such object, which the pod may live with; the next, then.
    }
  }
  return undefined
}

const valuesOf = ({ templates }: AgentConfig) =>
  templates.flatMap(({ segments }) => segments.filter((segment) => typeof segment !== 'string'))

/** A certificate gets a new one by itself; a secret that is JSON has to stay JSON. */
function rotation({ vault, type, name }: ObjectReference) {
  const value = '{"rotated":"and therefore of another length"}'
  return type === 'secret' ? { vault, name, value } : { vault, name }
}
