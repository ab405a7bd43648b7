import type { Clock } from '../../lib/clock.ts'
import { callWith } from '../plan/call-with.ts'
import type { Facts } from '../plan/facts.ts'
import type { ProofAzure } from '../plan/proof-azure.ts'
import type { Tools } from '../tools/tools.ts'
import { answerRequests } from './answer-request.ts'
import { startOwnEmulator } from './answer-sources.ts'
import { type AnswerLine, compareAnswers } from './compare-answers.ts'
import { type AnswerSource, recordAnswers } from './record-answers.ts'

interface TryOptions {
  readonly source: AnswerSource
  readonly azure: Pick<ProofAzure, 'callOf' | 'hasBinding'>
  readonly facts: Facts
  readonly tools: Tools
  readonly clock: Clock
  readonly abort: AbortSignal
  readonly throttles: boolean
}

/** Records Azure's answers and the emulator's to the same requests. It deletes a secret, so the scenarios that need that one are over. */
export async function tryAnswers(options: TryOptions): Promise<readonly AnswerLine[]> {
  const { azure, tools, facts } = options
  // Scenarios may have enabled the one, and deleted the other.
  for (const [kind, name] of [
    ['disable', 'disabled'],
    ['delete', 'deleted'],
  ] as const)
    await callWith(tools, azure.callOf({ kind, name }))
  const requests = answerRequests({
    throttles: options.throttles,
    hasBinding: azure.hasBinding === true,
  })
  const seen = await recordAnswers(requests, options.source, options)
  const { emulator, source } = await startOwnEmulator(facts)
  try {
    return compareAnswers(seen, await recordAnswers(requests, source, options))
  } finally {
    await emulator.close()
  }
}
