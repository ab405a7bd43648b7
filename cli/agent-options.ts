import { parseArgs } from 'node:util'

/**
 * Reads the arguments of `akv-injector agent`.
 *
 * @returns the options of `agentMain`; undefined if this is another command, or if the command line has to say what is
 *   wrong, or to print help
 */
export function agentOptions(
  args: readonly string[],
): { readonly root?: string; readonly terminationLog?: string } | undefined {
  const [command, ...flags] = args
  if (command !== 'agent') return undefined
  try {
    const { values } = parseArgs({
      args: flags,
      options: { root: { type: 'string' }, 'termination-log': { type: 'string' } },
    })
    const { root, 'termination-log': terminationLog } = values
    return {
      ...(root !== undefined && { root }),
      ...(terminationLog !== undefined && { terminationLog }),
    }
  } catch {
    return undefined
  }
}
