import type { CommandTree, CompletedCommand, CompletedOption } from './command-tree.ts'

/** A script for zsh, to be sourced or to be put into a folder of `fpath`. */
export const zshScript = (
  { options, commands }: CommandTree,
  program: string,
): string => `#compdef ${program}
# Completion for zsh, after compinit: source <(${program} completion zsh)
_${program}() {
  local -a commands
  commands=(
${commands.map(({ name, description }) => `    ${quote(`${name}:${description}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    _arguments ${specs(options)}
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}
if [ "$funcstack[1]" = "_${program}" ]; then
  _${program} "$@"
else
  compdef _${program} ${program}
fi
`

const commandCase = ({ name, options, choices }: CompletedCommand): string =>
  `    ${name}) _arguments ${specs(options)} ${quote(`*:argument:${valuesOf(choices)}`)} ;;`

const specs = (options: readonly CompletedOption[]): string =>
  options
    .flatMap((option) => option.flags.map((flag) => spec(flag, option)))
    .map(quote)
    .join(' ')

/** An option may be repeated (`*`), and its value may follow `=` or a blank. */
function spec(flag: string, { description, takesValue, choices }: CompletedOption): string {
  const equals = takesValue ? (flag.startsWith('--') ? '=' : '+') : ''
  const value = takesValue ? `:value:${valuesOf(choices)}` : ''
  return `*${flag}${equals}[${description.replace(/[[\]:\\]/g, '\\$&')}]${value}`
}

const valuesOf = (choices?: readonly string[]): string =>
  choices ? `(${choices.join(' ')})` : '_files'

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
