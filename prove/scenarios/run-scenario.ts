import type { Clock } from '../../lib/clock.ts'
import { callWith } from '../plan/call-with.ts'
import { namespaceName } from '../plan/facts.ts'
import type { ProofAzure } from '../plan/proof-azure.ts'
import type { ProofCall, Tools } from '../tools/tools.ts'
import { callOf, readAnswer, whyNotCreated } from './looks/look-once.ts'
import type { Seen } from './looks/seen.ts'
import type { Scenario, ScenarioStep } from './scenario.ts'

/** How a scenario ended. Of a scenario that failed, the step that failed says what was expected and seen. */
interface Outcome {
  readonly result: 'passed' | 'failed' | 'interrupted'
  /** The number of the last step that ran, from 1. */
  readonly step: number
  readonly expected: Seen
  readonly seen: Seen
  readonly seconds: number
}

interface RunOptions {
  readonly tools: Tools
  readonly clock: Clock
  readonly abort: AbortSignal
  /** How long a look may take to see what is expected, and the webhook to answer. */
  readonly timeoutMs: number
  readonly azure: Pick<ProofAzure, 'callOf'>
}

/** kubectl starts a process each time, so looking more often would slow down what is looked at. */
const repeatAfterMs = 2_000

/** Runs the steps of a scenario until one of them fails, and removes its pods. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Outcome> {
  const lookMs = Math.max(options.timeoutMs, scenario.waitsMs ?? 0)
  const startedMs = options.clock.now()
  let last = { step: 0, expected: 'applied' as Seen, seen: 'applied' as Seen }
  for (const [index, step] of scenario.steps.entries()) {
    const expected = 'expected' in step ? step.expected : 'changed'
    const seen = await runStep(step, { ...options, lookMs })
    last = { step: index + 1, expected, seen }
    if (options.abort.aborted || seen !== expected) break
  }
  const seconds = Math.round((options.clock.now() - startedMs) / 1000)
  if (options.abort.aborted) return { ...last, result: 'interrupted', seconds }
  const isPassed = last.seen === last.expected
  if (!isPassed) await restore(scenario, options)
  await removePods(scenario, options.tools)
  return { ...last, result: isPassed ? 'passed' : 'failed', seconds }
}

async function runStep(
  step: ScenarioStep,
  options: RunOptions & { readonly lookMs: number },
): Promise<Seen> {
  const { tools, lookMs } = options
  switch (step.kind) {
    case 'apply': {
      const args = ['apply', '--request-timeout=60s']
      const apply = async (): Promise<Seen> => {
        const { code, stderr } = await tools.run({ tool: 'kubectl', args, objects: step.objects })
        return code === 0 ? 'applied' : whyNotCreated(stderr)
      }
      // Controllers repeat what the webhook hasn't answered, too.
      return await repeat(apply, (seen) => seen !== 'unanswered', options)
    }
    case 'change':
    case 'call':
      return (await callWith(tools, changeOf(step, options))).isWell ? 'changed' : 'not-changed'
    case 'look': {
      const { look, expected } = step
      const see = async () => readAnswer(look, await tools.run(callOf(look)))
      return await repeat(see, (seen) => seen === expected, { ...options, timeoutMs: lookMs })
    }
    default:
      return step satisfies never
  }
}

/** Tries until the answer is final, or the time is over. Returns the last answer. */
async function repeat(
  attempt: () => Promise<Seen>,
  isFinal: (seen: Seen) => boolean,
  { clock, abort, timeoutMs }: RunOptions,
): Promise<Seen> {
  const endMs = clock.now() + timeoutMs
  for (;;) {
    const seen = await attempt()
    if (isFinal(seen) || abort.aborted || clock.now() >= endMs) return seen
    await clock.sleep(repeatAfterMs, abort)
  }
}

const changeOf = (
  step: ScenarioStep & { readonly kind: 'change' | 'call' },
  { azure }: RunOptions,
): ProofCall => (step.kind === 'change' ? azure.callOf(step.change) : step.call)

/** Later scenarios need the vault and the install, and --keep leaves both to be looked at. */
async function restore({ steps }: Scenario, options: RunOptions): Promise<void> {
  for (const step of steps)
    if ((step.kind === 'change' || step.kind === 'call') && step.restores)
      await callWith(options.tools, changeOf(step, options))
}

/** The pods of later scenarios don't wait for room on a node. The Secrets stay until the namespace is removed. */
async function removePods({ steps }: Scenario, tools: Tools): Promise<void> {
  const names = steps.flatMap((step) =>
    step.kind === 'apply'
      ? step.objects
          .filter(({ kind }) => kind === 'Pod' || kind === 'Deployment')
          .map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata['name']}`)
      : [],
  )
  if (names.length === 0) return
  const args = ['delete', ...names, '--ignore-not-found', '--timeout=60s']
  await tools.run({ tool: 'kubectl', args: [...args, '--namespace', namespaceName] })
}
