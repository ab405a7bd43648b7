import type { Clock } from '../../lib/clock.ts'
import { jsonOf } from '../tools/json-of.ts'
import type { Tools } from '../tools/tools.ts'
import { callWith } from './call-with.ts'
import { findResource } from './find-resource.ts'
import { learn, type Made } from './made.ts'
import type { MakeStep, Presence, ProofPlan, Resource } from './resource.ts'
import type { RunState } from './run-state.ts'

export interface FoundResource {
  readonly resource: Resource
  readonly presence: Presence
}

/** Looks for all that the plan would make. */
export async function survey(plan: ProofPlan, tools: Tools): Promise<readonly FoundResource[]> {
  const found: FoundResource[] = []
  for (const resource of plan)
    found.push({ resource, presence: await findResource(resource, tools) })
  return found
}

interface MakeOptions {
  readonly tools: Tools
  readonly state: RunState
  readonly clock: Clock
  readonly abort: AbortSignal
}

/** A new role takes minutes to reach a vault. */
const patienceMs = 15 * 60_000
const tryEveryMs = 10_000

/**
 * Makes all resources in order if they don't exist, and records each before and after.
 *
 * @param known - what is known before anything is made
 * @returns `missing`: the resource that couldn't be made
 */
export async function makeAll(
  plan: ProofPlan,
  known: Made,
  options: MakeOptions,
): Promise<{ readonly made: Made; readonly missing?: Resource }> {
  let made = known
  for (const resource of plan) {
    if (resource.isEarlier) continue
    // Somebody may have made it since the survey. What isn't absent isn't begun, so it isn't removed either.
    if ((await findResource(resource, options.tools)) !== 'absent')
      return { made, missing: resource }
    options.state.record(resource, 'making')
    for (const step of resource.make) {
      if (options.abort.aborted) return { made }
      const after = await makeStep(step, made, options)
      if (after === undefined) return { made, missing: resource }
      made = after
    }
    options.state.record(resource, 'made')
  }
  return { made }
}

/** Undefined if the call failed, or didn't say what has to be learned. */
async function makeStep(
  step: MakeStep,
  made: Made,
  options: MakeOptions,
): Promise<Made | undefined> {
  const { tools, clock, abort } = options
  const call = typeof step.call === 'function' ? step.call(made) : step.call
  const endMs = clock.now() + (step.isPatient ? patienceMs : 0)
  for (;;) {
    const end = await callWith(tools, call)
    if (end.isWell)
      return step.learn === undefined ? made : learn(made, step.learn, jsonOf(end.stdout))
    if (abort.aborted || end.isRefusedForGood || clock.now() >= endMs) return undefined
    await clock.sleep(tryEveryMs, abort)
  }
}

/**
 * Removes what is there, in reverse. One resource that can't be removed doesn't keep the others.
 *
 * @returns what is left, or can't be seen
 */
export async function removeAll(
  plan: ProofPlan,
  { tools, state }: Pick<MakeOptions, 'tools' | 'state'>,
): Promise<readonly Resource[]> {
  const left: Resource[] = []
  for (const resource of plan.toReversed()) {
    const before = await findResource(resource, tools)
    if (before === 'present') for (const call of resource.remove) await callWith(tools, call)
    const after = before === 'present' ? await findResource(resource, tools) : before
    if (after === 'absent') state.record(resource, 'removed')
    // What somebody else has made isn't left by us.
    else if (after !== 'foreign') left.push(resource)
  }
  return left
}
