import type { PodFault, PodVerdict } from './fault.ts'
import { sayFault } from './say-fault.ts'

/** The verdict in one line. */
export const sayVerdict = (verdict: PodVerdict): string =>
  [verdict.kind === 'well' ? sayWell(verdict) : `${leadOf(verdict)}${bodyOf(verdict)}`]
    .concat(verdict.notes ?? [])
    .join('; ')

function sayWell({ code, part }: PodVerdict & { readonly kind: 'well' }): string {
  switch (code) {
    case 'Well':
      return part === 'none'
        ? 'nothing fails, and akv-injector isn’t involved'
        : 'akv-injector did its part, and nothing else fails'
    case 'Done':
      return 'nothing has failed: all containers have ended without an error'
    case 'NothingToRun':
      return 'nothing fails: no pod is meant to run now'
    default:
      return code satisfies never
  }
}

function bodyOf(verdict: PodFault): string {
  if (verdict.kind !== 'unknown') return sayFault(verdict)
  const { right, rightIn } = verdict
  const place = rightIn === undefined ? 'in the cluster' : `in namespace ${rightIn}`
  const missing = right === undefined ? '' : `; the right to ${right} ${place} is missing`
  return `${verdict.because ?? sayFault(verdict)}${missing}`
}

/** Whose fault it is, and how far akv-injector got. */
function leadOf({ kind, code, part }: PodFault & Pick<PodVerdict, 'part'>): string {
  if (kind === 'us') return code === 'AgentImage' ? 'it is us, or the registry: ' : 'it is us: '
  if (kind === 'azure') return 'it is Azure, or the way to it: '
  if (kind === 'unknown') return 'can’t be told, because '
  return kind === 'starting' ? 'nothing has failed yet: ' : leads[part]
}

const leads = {
  done: 'akv-injector did its part: ',
  waiting: 'the agent hasn’t had its turn: ',
  failed: 'the agent isn’t the cause: ',
  none: 'akv-injector isn’t involved: ',
  unknown: 'akv-injector isn’t the cause: ',
} as const satisfies Record<PodVerdict['part'], string>
