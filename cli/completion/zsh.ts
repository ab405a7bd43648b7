import type { CommandTree, CompletedCommand, CompletedOption, Values } from './command-tree.ts'
import { namesScript } from './names-script.ts'

/** A script for zsh, to be sourced or to be put into a folder of `fpath`. */
export const zshScript = (tree: CommandTree, program: string): string => {
  const { options, commands } = tree
  return `#compdef ${program}
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
_akv_injector_names() {
  compadd -- \${(f)"$(sh -c ${quote(namesScript(tree))} sh "$PREFIX" "\${(@)words[1,CURRENT-1]}")"}
}
if [ "$funcstack[1]" = "_${program}" ]; then
  _${program} "$@"
else
  compdef _${program} ${program}
fi
`
}

const commandCase = ({ name, options, values }: CompletedCommand): string =>
  `    ${name}) _arguments ${specs(options)} ${values ? quote(`*:argument:${action(values)}`) : ''} ;;`

const specs = (options: readonly CompletedOption[]): string =>
  options
    .flatMap((option) => option.flags.map((flag) => spec(flag, option)))
    .map(quote)
    .join(' ')

/** An option may be repeated (`*`), and its value may follow `=` or a blank. */
function spec(flag: string, { description, values }: CompletedOption): string {
  const equals = values ? (flag.startsWith('--') ? '=' : '+') : ''
  const value = values ? `:value:${action(values)}` : ''
  return `*${flag}${equals}[${description.replace(/[[\]:\\]/g, '\\$&')}]${value}`
}

const actions = { files: '_files', names: '_akv_injector_names' } as const

/** A blank completes nothing. */
const action = (values: Values): string =>
  typeof values === 'string' ? actions[values] : values.length > 0 ? `(${values.join(' ')})` : ' '

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
