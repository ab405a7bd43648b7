import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mark } from '../../../prove/plan/facts.ts'

/** The namespace of a run, as kubectl prints it. */
export const namespaceText = JSON.stringify({ metadata: { labels: { [mark[0]]: mark[1] } } })

/**
 * Writes a program `kubectl`: a cluster of one namespace and one ClusterRole, whose agents all log the same code. A file `hang-VERB` lets that verb hang.
 *
 * @param more - branches of a shell's `case`, which come first
 */
export function writeKubectl(folder: string, more: readonly string[] = []): void {
  const script = `#!/bin/sh
echo "$*" >>"$WORLD/calls"
if [ "$1" = --context ]; then shift 2; fi
if [ -e "$WORLD/hang-$1" ]; then touch "$WORLD/hangs-$1"; exec sleep 600; fi
case "$*" in
${more.map((branch) => `${branch} ;;\n`).join('')}"get namespace"*) if [ -e "$WORLD/namespace" ]; then cat "$WORLD/namespace"; fi ;;
"delete namespace"*) rm -f "$WORLD/namespace" ;;
"get deployment akv-injector-webhook"*) echo '{}' ;;
"get clusterrole "*) if [ -e "$WORLD/clusterrole" ]; then cat "$WORLD/clusterrole"; fi ;;
"delete clusterrole/"*) rm -f "$WORLD/clusterrole" ;;
"delete clusterrolebinding --selector="*) ;;
create*) for file; do :; done
  if grep -q '"ClusterRole"' "$file"; then echo '${namespaceText}' >"$WORLD/clusterrole"; exit; fi
  [ -e "$WORLD/namespace" ] || echo '${namespaceText}' >"$WORLD/namespace" ;;
apply*) ;;
logs*) echo '{"code":"AKV_FORBIDDEN"}' ;;
exec*) echo 'secret of nobody' ;;
"delete pod"*) ;;
*) exit 1 ;;
esac
`
  writeFileSync(join(folder, 'kubectl'), script, { mode: 0o755 })
}
