import { describeInjection } from '../../../command/review/describe-injection.ts'
import type { DoctorSection } from '../model/check-result.ts'
import { unchecked } from '../model/check-result.ts'
import { nameOf } from '../model/objects.ts'
import { type Reviewed, reviewWorkload } from '../model/review-workload.ts'
import type { WorkloadFacts } from '../model/workload-facts.ts'
import type { DoctorReport } from '../output/report.ts'
import { judge } from '../verdict/judge.ts'
import { diagnose } from './diagnose.ts'
import { grantCommands } from './grant-commands.ts'
import { describeSignIn, signInOf, type WorkloadSignIn } from './sign-in.ts'
import { tellStory } from './story.ts'

/**
 * Reports everything about one workload, and ends with what to do. Pure.
 *
 * @param options - `width`: where to fold commands, if at all
 */
export function reportWorkload(
  facts: WorkloadFacts,
  { notices, width }: { readonly notices: readonly string[]; readonly width: number | undefined },
): DoctorReport {
  const reviewed = reviewWorkload(facts)
  const judgement = judge(facts)
  const sections: readonly DoctorSection[] = [
    { title: 'Asks for', lines: askedLines(reviewed, facts), results: [] },
    ...(reviewed.kind === 'injected' ? identitySections(reviewed, { facts, width }) : []),
    { title: 'What happened', lines: tellStory(facts), results: [] },
    { title: 'Not checked', results: notices.map((notice) => unchecked(notice)) },
    { title: 'What to do', results: diagnose(facts, judgement) },
  ]
  return {
    verdict: judgement.verdict,
    title: titleOfWorkloads(facts),
    sections: sections.filter(({ lines = [], results }) => lines.length + results.length > 0),
  }
}

function titleOfWorkloads({ target, namespace, pod }: WorkloadFacts): string {
  const title = `${target.kind} ${namespace}/${target.name}`
  if (target.kind === 'Pod') return title
  return pod === undefined ? `${title}, which has no pod` : `${title}, pod ${nameOf(pod)}`
}

function askedLines(reviewed: Reviewed, { namespace }: WorkloadFacts): readonly string[] {
  switch (reviewed.kind) {
    case 'injected':
      return [
        ...(reviewed.isPlanned ? ['as the webhook would inject a new pod:'] : []),
        ...describeInjection(reviewed.pod, namespace),
      ]
    case 'denied':
      return ['the webhook would refuse it:', ...reviewed.problems]
    case 'nothing':
      return [`nothing: ${reviewed.reason}`]
    default:
      return reviewed satisfies never
  }
}

function identitySections(
  reviewed: Reviewed & { readonly kind: 'injected' },
  { facts, width }: { readonly facts: WorkloadFacts; readonly width: number | undefined },
): readonly DoctorSection[] {
  const signIn = signInOf(reviewed, facts)
  return [
    { title: 'Signs in', lines: describeSignIn(signIn), results: [] },
    {
      title: 'Commands that allow it',
      lines: commandLines(signIn, { reviewed, facts, width }),
      results: [],
    },
  ]
}

function commandLines(
  signIn: WorkloadSignIn,
  {
    reviewed: { config },
    facts: { agent, namespace },
    width,
  }: {
    readonly reviewed: Reviewed & { readonly kind: 'injected' }
    readonly facts: WorkloadFacts
    readonly width: number | undefined
  },
): readonly string[] {
  // The webhook has never reviewed this configuration.
  if (agent?.agent.kind === 'not-ours')
    return [`none: the agent isn’t as the webhook makes it: ${agent.agent.why}`]
  return grantCommands(signIn, { namespace, config, width })
}
