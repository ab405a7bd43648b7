import type { CommandTree, CompletedOption, Values } from './command-tree.ts'
import { namesScript } from './names-script.ts'

/** A script for fish. */
export const fishScript = (tree: CommandTree, program: string): string => {
  const { options, commands } = tree
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
        ...(values === 'files' ? [] : [complete(condition, `-f${argumentWords(values)}`)]),
      ]
    }),
  ]
  return [
    `# Completion for fish: ${program} completion fish | source`,
    'function __akv_injector_names',
    '  set -l words (commandline -opc)',
    `  sh -c ${quote(namesScript(tree))} sh (commandline -ct) $words[2..]`,
    'end',
    ...lines,
    '',
  ].join('\n')
}

const argumentWords = (values: Exclude<Values, 'files'>): string =>
  values === 'names' ? " -a '(__akv_injector_names)'" : listed(values)

function words({ flags, values, description }: CompletedOption): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  )
  return [...names, ...(values ? [valueWords(values)] : []), '-d', quote(description)].join(' ')
}

/** `-F`: files, even if the command takes none. */
const valueWords = (values: Values): string =>
  typeof values === 'string' ? '-r -F' : `-x${listed(values)}`

const listed = (values: readonly string[]): string =>
  values.length > 0 ? ` -a ${quote(values.join(' '))}` : ''

const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`
