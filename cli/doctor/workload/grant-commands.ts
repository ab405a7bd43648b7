import type { AgentConfig } from '../../../delivery/contract.ts'
import { grantOf } from '../../identity/grants/grant.ts'
import { sortOutNames } from '../../identity/grants/sort-out-names.ts'
import { byIdentity, writeScript } from '../../identity/grants/write-script.ts'
import type { WorkloadSignIn } from './sign-in.ts'

/** The commands of the Azure CLI that let the pod sign in and read its objects, as `identity` prints them. */
export function grantCommands(
  { account, client, issuer, usesBinding }: WorkloadSignIn,
  { namespace, config }: { readonly namespace: string; readonly config: AgentConfig },
): readonly string[] {
  const grant = grantOf({ namespace, account, clientId: client?.value, usesBinding, config })
  const { safe, unsafe } = sortOutNames([grant])
  if (safe.length === 0) return unsafe
  return writeScript(byIdentity(safe), {
    issuers: issuer === undefined ? [] : [issuer.value],
    grants: 'vault',
  })
}
