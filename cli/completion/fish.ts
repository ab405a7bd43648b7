import type { CommandTree, CompletedOption, Values } from './command-tree.ts'

/** A script for fish. */
export const fishScript = ({ options, commands }: CommandTree, program: string): string => {
  const complete = (...words: readonly string[]) => ['complete -c', program, ...words].join(' ')
  const lines = [
    ...commands.map(({ name, description }) =>
      complete('-n __fish_use_subcommand -f -a', name, '-d', quote(description)),
    ),
    ...options.map((option) => complete('-n __fish_use_subcommand', words(option))),
    ...commands.flatMap(({ name, options, values = [] }) => {
      const condition = `-n '__fish_seen_subcommand_from ${name}'`
      return [
        ...options.map((option) => complete(condition, words(option))),
        ...(values === 'files' ? [] : [complete(condition, `-f${listed(values)}`)]),
      ]
    }),
  ]
  return [`# Completion for fish: ${program} completion fish | source`, ...lines, ''].join('\n')
}

function words({ flags, values, description }: CompletedOption): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  )
  return [...names, ...(values ? [valueWords(values)] : []), '-d', quote(description)].join(' ')
}

/** `-F`: files, even if the command takes none. */
const valueWords = (values: Values): string =>
  values === 'files' ? '-r -F' : `-x${listed(values)}`

const listed = (values: readonly string[]): string =>
  values.length > 0 ? ` -a ${quote(values.join(' '))}` : ''

const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`
