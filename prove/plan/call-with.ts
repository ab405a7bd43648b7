import type { ProofCall, Tools } from '../tools/tools.ts'

interface CallEnd {
  readonly isWell: boolean
  /** Trying again is of no use, because the arguments are wrong. */
  readonly isRefusedForGood: boolean
  readonly stdout: string
}

/** Makes a call of any kind. */
export async function callWith(tools: Tools, call: ProofCall): Promise<CallEnd> {
  if (!('tool' in call)) {
    const { status } = await tools.control(call)
    return { isWell: status === 200, isRefusedForGood: status !== undefined, stdout: '' }
  }
  const { code, stdout } = await tools.run(call)
  return { isWell: code === 0, isRefusedForGood: code === 2, stdout }
}
