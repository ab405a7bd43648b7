import { shellQuote } from '../../command/grants/shell-quote.ts'
import type { CommandTree, CompletedCommand, CompletedOption, Values } from './command-tree.ts'
import { namesScript } from './names-script.ts'

/** A script for bash 3.2 or later. Before bash 4, file names are completed even if none can follow. */
export const bashScript = (tree: CommandTree, program: string): string => {
  const { options, commands } = tree
  return `# Completion for bash: source <(${program} completion bash)
_${identifier(program)}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" command='' words='' files='' names=''
  # bash splits --output=json into three words.
  if [ "$current" = = ]; then
    current=''
  elif [ "$previous" = = ]; then
    previous="\${COMP_WORDS[COMP_CWORD - 2]}"
  fi
  [ "$COMP_CWORD" -eq 1 ] || command="\${COMP_WORDS[1]}"
  case "$command $previous" in
${commands.flatMap(({ name, options }) => options.flatMap((option) => valueCase(name, option))).join('\n')}
  *)
    case "$command" in
    '') words='${[...commands.map(({ name }) => name), ...flagsOf(options)].join(' ')}' ;;
${commands.map(commandCase).join('\n')}
    esac
    ;;
  esac
  [ -n "$files" ] || compopt +o default 2>/dev/null
  if [ -n "$names" ]; then
    _${identifier(program)}_names
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}
_${identifier(program)}_names() {
  local IFS=$' \\t\\n' line="\${COMP_LINE:0:COMP_POINT}" words name colon=''
  local typed="\${line##*[[:space:]]}"
  read -r -d '' -a words <<<"\${line%"$typed"}"
  # bash replaces only what follows the last colon.
  case "$COMP_WORDBREAKS" in *:*) colon="\${typed%"\${typed##*:}"}" ;; esac
  COMPREPLY=()
  for name in $(sh -c ${shellQuote(namesScript(tree))} sh "$typed" "\${words[@]:1}"); do
    COMPREPLY+=("\${name#"$colon"}")
  done
}
complete -o default -F _${identifier(program)} ${program}
`
}

const identifier = (program: string): string => program.replaceAll('-', '_')

const flagsOf = (options: readonly CompletedOption[]): readonly string[] =>
  options.flatMap(({ flags }) => flags)

const valueCase = (name: string, { flags, values }: CompletedOption): readonly string[] =>
  values === undefined
    ? []
    : [`  ${flags.map((flag) => `'${name} ${flag}'`).join(' | ')}) ${completing(values)} ;;`]

const commandCase = ({ name, options, values = [] }: CompletedCommand): string =>
  `    ${name}) case "$current" in -*) words='${flagsOf(options).join(' ')}' ;; *) ${completing(values)} ;; esac ;;`

const completing = (values: Values): string =>
  typeof values === 'string' ? `${values}=yes` : `words='${values.join(' ')}'`
