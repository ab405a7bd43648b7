import type { CommandTree, CompletedOption } from './command-tree.ts'

/** A script for fish. Where nothing is known, fish completes file names. */
export const fishScript = ({ options, commands }: CommandTree, program: string): string => {
  const complete = (...words: readonly string[]) => ['complete -c', program, ...words].join(' ')
  const lines = [
    ...commands.map(({ name, description }) =>
      complete('-n __fish_use_subcommand -f -a', name, '-d', quote(description)),
    ),
    ...options.map((option) => complete('-n __fish_use_subcommand', words(option))),
    ...commands.flatMap(({ name, options, choices }) => {
      const condition = `-n '__fish_seen_subcommand_from ${name}'`
      return [
        ...options.map((option) => complete(condition, words(option))),
        ...(choices ? [complete(condition, '-f -a', quote(choices.join(' ')))] : []),
      ]
    }),
  ]
  return [`# Completion for fish: ${program} completion fish | source`, ...lines, ''].join('\n')
}

function words({ flags, takesValue, choices, description }: CompletedOption): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  )
  const value = choices ? `-x -a ${quote(choices.join(' '))}` : '-r'
  return [...names, ...(takesValue ? [value] : []), '-d', quote(description)].join(' ')
}

const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`
