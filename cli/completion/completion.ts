import type { Command } from 'commander'
import { ownName } from '../../command/program-name.ts'
import { bashScript } from './bash.ts'
import { readCommandTree } from './command-tree.ts'
import { fishScript } from './fish.ts'
import type { Shell } from './shells.ts'
import { zshScript } from './zsh.ts'

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } satisfies Record<
  Shell,
  unknown
>

/**
 * `akv-injector completion`: prints a script that completes commands, options and their values in a shell. The script
 * never calls us back: Node would take long to start at each Tab, and only the shell can complete file names, which
 * most arguments are. Names in the cluster come from kubectl.
 */
export function completion(shell: Shell, program: Command): void {
  process.stdout.write(scripts[shell](readCommandTree(program), ownName))
}
