import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownNamespace } from '../../../prove/install/own-install.ts'
import { mark } from '../../../prove/plan/facts.ts'

/** The namespace of a run, as kubectl prints it. */
export const namespaceText = JSON.stringify({ metadata: { labels: { [mark[0]]: mark[1] } } })

/**
 * Writes a program `kubectl`: a cluster that may have the namespace, the ClusterRole and its binding, whose agents all log the
 * same code. A file `hang-VERB` lets that verb hang. The file `install` stands for an install of a run.
 *
 * @param more - branches of a shell's `case`, which come first
 */
export function writeKubectl(folder: string, more: readonly string[] = []): void {
  const script = `#!/bin/sh
echo "$*" >>"$WORLD/calls"
if [ "$1" = --context ]; then shift 2; fi
if [ -e "$WORLD/hang-$1" ]; then touch "$WORLD/hangs-$1"; exec sleep 600; fi
case "$*" in
${more.map((branch) => `${branch} ;;\n`).join('')}"get deployment akv-injector-webhook"*) echo '{}' ;;
"get mutatingwebhookconfigurations,"*jsonpath*) if [ -e "$WORLD/others" ]; then cat "$WORLD/others"; fi ;;
"get mutatingwebhookconfigurations,"* | "get namespaces --selector"*) if [ -e "$WORLD/install" ]; then echo namespace/x; fi ;;
"delete mutatingwebhookconfigurations,"*) rm -f "$WORLD/install" ;;
"delete mutatingwebhookconfigurations "*) ;;
"get namespace"* | "get clusterrole"*) if [ -e "$WORLD/$2" ]; then cat "$WORLD/$2"; fi ;;
"delete namespace"* | "delete clusterrole"*) rm -f "$WORLD/$2" ;;
create*) for file; do :; done
  if grep -q "${ownNamespace}" "$file"; then touch "$WORLD/install"; exit; fi
  for type in clusterrolebinding clusterrole namespace; do if grep -qi "\\"kind\\": *\\"$type\\"" "$file"; then break; fi; done
  [ -e "$WORLD/$type" ] || echo '${namespaceText}' >"$WORLD/$type" ;;
apply*) ;;
logs*) echo '{"code":"AKV_FORBIDDEN"}' ;;
exec*) echo 'secret of nobody' ;;
"delete pod"*) ;;
*) exit 1 ;;
esac
`
  writeFileSync(join(folder, 'kubectl'), script, { mode: 0o755 })
}

/** Writes a program `helm`, which can read each chart. A file `hang-COMMAND` lets that command hang, and `fail-COMMAND` fail. */
export function writeHelm(folder: string): void {
  const script = `#!/bin/sh
echo "helm $*" >>"$WORLD/calls"
if [ -e "$WORLD/hang-$1" ]; then touch "$WORLD/hangs-$1"; exec sleep 600; fi
if [ "$1" = show ]; then printf 'name: akv-injector\nversion: 0.1.0\n'; fi
[ ! -e "$WORLD/fail-$1" ]
`
  writeFileSync(join(folder, 'helm'), script, { mode: 0o755 })
}
