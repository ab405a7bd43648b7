import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pageScript } from '../../support/page-commands.ts'

/** A program that the page ran, with its arguments and its standard input. */
export interface Call {
  readonly program: string
  readonly args: readonly string[]
  readonly input: string
}

/** What Azure would print for the queries of the page. */
export const azure = {
  issuer: 'https://westeurope.oic.prod-aks.azure.com/tenant/cluster/',
  vaultId: '/subscriptions/s/resourceGroups/shop/providers/Microsoft.KeyVault/vaults/shop-kv',
  me: '99999999-9999-9999-9999-999999999999',
  clientId: '22222222-2222-2222-2222-222222222222',
  principalId: '77777777-7777-7777-7777-777777777777',
  tenantId: '11111111-1111-1111-1111-111111111111',
}

/**
 * Runs all commands of docs/aks.md in one Bash shell, as somebody does who pastes them, and returns what they called.
 * Stand-ins for `az` and all other programs are on the PATH, and nothing else but Bash's own commands.
 *
 * @param folder - an empty one
 * @throws Error if a command fails, or uses a variable that no earlier command has set
 */
export function runPage(folder: string): readonly Call[] {
  const bin = join(folder, 'bin')
  const log = join(folder, 'calls')
  mkdirSync(bin)
  mkdirSync(log)
  for (const program of ['az', 'docker', 'helm', 'kubectl', 'npm']) {
    writeFileSync(join(bin, program), standIn(program, log))
    chmodSync(join(bin, program), 0o755)
  }
  execFileSync('/bin/bash', ['-euo', 'pipefail', '-c', pageScript('docs/aks.md')], {
    cwd: folder,
    env: { PATH: bin },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return readFileSync(join(log, 'all'), 'utf8').split('\u0002').slice(0, -1).map(parseCall)
}

/** Writes its arguments and input between control characters, and answers the queries of the page. */
const standIn = (program: string, log: string): string => `#!/bin/bash
{
  printf '%s\\001' ${program} "$@"
  case "$*" in *' -f -') while IFS= read -r line; do printf '%s\\n' "$line"; done ;; esac
  printf '\\002'
} >>'${log}/all'
case "${program} $*" in
  'az aks show '*'--query oidcIssuerProfile.issuerUrl '*) echo '${azure.issuer}' ;;
  'az keyvault show '*'--query id '*) echo '${azure.vaultId}' ;;
  'az ad signed-in-user show --query id '*) echo '${azure.me}' ;;
  'az identity show '*'--query clientId '*) echo '${azure.clientId}' ;;
  'az identity show '*'--query principalId '*) echo '${azure.principalId}' ;;
  'az identity show '*'--query tenantId '*) echo '${azure.tenantId}' ;;
esac
`

function parseCall(text: string): Call {
  const parts = text.split('\u0001')
  const [program = '', ...args] = parts.slice(0, -1)
  return { program, args, input: parts.at(-1) ?? '' }
}
