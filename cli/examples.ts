import type { Command } from 'commander'
import { ownName } from '../command/program-name.ts'

/**
 * Makes the end of a command's help from command lines, one a line. For a plugin of kubectl, they have the name that the user
 * types.
 */
export const examples =
  (...lines: readonly string[]) =>
  ({ command }: { readonly command: Command }): string => {
    const name = command.parent?.name() ?? ownName
    const shown = lines.map((line) => `  ${line.replace(`${ownName} `, () => `${name} `)}`)
    return ['', 'Examples:', ...shown].join('\n')
  }
