import { configVariable } from '../../delivery/contract.ts'
import { targetNames } from '../../operate/doctor/model/target.ts'
import type { CommandTree } from './command-tree.ts'

/**
 * A script for `sh` that prints the names in the cluster that may follow on a command line, one a line. The scripts of all shells
 * call it, with the word at the cursor, the command, and the words between. It asks kubectl, because Node.js starts too slowly for
 * a Tab, and because kubectl has the user's credentials.
 *
 * A cluster is hostile: anybody who creates pods writes what kubectl prints, and shells may evaluate what they complete. So only
 * names of letters, digits, `.`, `-`, `:` and `/` pass. kubectl and the plugins that it signs in with may hang, or start programs that do, so kubectl is
 * ended after three seconds, and its reader after four.
 */
export const namesScript = ({ commands }: CommandTree): string => `exec 2>/dev/null
export LC_ALL=C current="$1" command="$2" prefix=
shift 2
kind= option= first= others= left=$#
# What chooses the cluster and the namespace goes to kubectl.
while [ "$left" -gt 0 ]; do
  word="$1" left=$((left - 1))
  shift
  case "$option" in
  -n | --namespace | --context | --kubeconfig)
    case "$word" in "~/"*) word="$HOME/\${word#??}" ;; esac
    set -- "$@" "$option" "$word"
    option=
    continue
    ;;
  -*)
    option=
    continue
    ;;
  esac
  case "$word" in
  ${flagsWithValue(commands).join(' | ')}) option="$word" ;;
  -n?* | --namespace=* | --context=* | --kubeconfig=* | -A | --all-namespaces) set -- "$@" "$word" ;;
  -*) ;;
  *) if [ -z "$first" ]; then first="$word"; else others="$word"; fi ;;
  esac
done
[ -z "$option$others" ] || exit
# within SECONDS PROGRAM...: ends the program after that time. Its input is descriptor 3.
within() {
  seconds="$1"
  shift
  "$@" <&3 &
  job=$!
  (
    sleep "$seconds" &
    trap "kill $!; exit" TERM
    wait && kill "$job"
  ) >/dev/null 3<&- &
  wait "$job"
  kill $!
}
ask() {
  within 3 kubectl get --request-timeout=2s "$@" 3</dev/null | within 4 awk "$offer" 3<&0
}
offer='
  function offer(name) {
    if (index(name, ENVIRON["current"]) != 1 || seen[name]++) return
    print name
    if (++count == ${maxNames}) exit
  }
  BEGIN { if (ENVIRON["command"] == "who") { RS = "{"; FS = "\\"" } }
  ENVIRON["command"] == "who" {
    if ($2 != "vault" || $6 != "type" || $10 != "name") next
    if (($4 $8 $12) !~ /^[0-9A-Za-z-]+$/ || $4 !~ /^[0-9A-Za-z]/ || length($4 $8 $12) > 200) next
    offer($4)
    offer($4 ":" ($8 == "secret" ? "" : $8 "/") $12)
    next
  }
  {
    sub("^[a-z.]*/", "")
    if ($0 ~ /^[0-9a-z][0-9a-z.-]*$/ && length($0) < 254) offer(ENVIRON["prefix"] $0)
  }'
case "$command $first" in
'who ') ask pods -o "jsonpath={.items[*].spec.initContainers[*].env[?(@.name==\\"${configVariable}\\")].value}" "$@" ;;
'doctor ')
  case "$current" in
  */*) kind="\${current%%/*}" prefix="$kind/" ;;
  *) printf "%s\\n" ${mainKinds.join(' ')} | awk "$offer" ;;
  esac
  ;;
'doctor '*) kind="$first" ;;
esac
case "$kind" in
${targetNames.flat().join(' | ')}) ask "$kind" -o name "$@" ;;
esac
`

/** A terminal shows a few hundred. */
const maxNames = 500

const mainKinds = targetNames.map(([name]) => name)

/** The options of the commands that take names, so that their values aren't taken for arguments. */
const flagsWithValue = (commands: CommandTree['commands']): readonly string[] => [
  ...new Set(
    commands
      .filter(({ values }) => values === 'names')
      .flatMap(({ options }) => options.flatMap(({ flags, values }) => (values ? flags : []))),
  ),
]
