import { printable } from '../../../lib/printable.ts'
import type { AzAnswer, RunAz } from '../../../repository/identity/verify/run-az.ts'
import { readRecordedArguments } from '../../docs/aks/azure-arguments.ts'
import { answerAz } from './answer-az.ts'
import type { AzureState } from './azure-state.ts'
import { Refused } from './refused.ts'
import { parseArguments } from './run-fake-az.ts'

const { commands } = readRecordedArguments()

/**
 * The stand-in for the Azure CLI without a process of its own.
 *
 * @param options - `replace`: changes the answer of a command, such as `keyvault show`
 */
export function azInMemory(
  state: AzureState,
  replace: (command: string, answer: AzAnswer) => AzAnswer = (_, answer) => answer,
): RunAz & { readonly ran: string[] } {
  const ran: string[] = []
  const run: RunAz = async (args) => {
    if (args.some((arg) => arg.includes('\0'))) throw new Error('no program accepts a NUL')
    const words = args.slice(
      0,
      args.findIndex((arg) => arg.startsWith('-')),
    )
    const command = words.join(' ')
    ran.push(command)
    return replace(command, answerOf(command, args.slice(words.length), state))
  }
  return Object.assign(run, { ran })
}

function answerOf(command: string, args: readonly string[], state: AzureState): AzAnswer {
  try {
    const value = answerAz(command, parseArguments(command, args, commands), state)
    return { kind: 'answered', value }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { kind: 'failed', sentence: printable(error.message, 300), isForAll: false }
  }
}
