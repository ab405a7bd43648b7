import { grantOf } from '../../../command/grants/grant.ts'
import { printScript } from '../../../command/grants/print-script.ts'
import { sortOutNames } from '../../../command/grants/sort-out-names.ts'
import { byIdentity, writeScript } from '../../../command/grants/write-script.ts'
import { confirmed } from '../../../command/said.ts'
import type { WorkloadSignIn } from './sign-in.ts'

/**
 * The commands of the Azure CLI that let the pod sign in and read its objects, as `identity` prints them. The author of
 * a pod may choose its vaults and objects. A client or an issuer that only the pod names never gets into a command,
 * because pasting that would give an identity away.
 *
 * @param context - `width`: where to fold commands, if at all
 */
export function grantCommands(
  { account, usesBinding, ...signIn }: WorkloadSignIn,
  context: {
    readonly namespace: string
    readonly config: Parameters<typeof grantOf>[0]['config']
    readonly width?: number | undefined
  },
): readonly string[] {
  const { namespace, config, width } = context
  const client = confirmed(signIn.client)
  const issuer = confirmed(signIn.issuer)
  const grant = grantOf({ namespace, account, clientId: client?.value, usesBinding, config })
  const { safe, unsafe } = sortOutNames([grant])
  if (safe.length === 0) return unsafe
  return [
    '# The pod chooses these vaults and objects. Grant only what its team may read.',
    ...(client === undefined && signIn.client !== undefined
      ? ['# Only the pod names a client, so these commands don’t. Choose an identity of its team.']
      : []),
    ...(issuer === undefined && !usesBinding
      ? [
          ...(signIn.issuer === undefined
            ? []
            : ['# Only the pod’s log names an issuer, so these commands don’t.']),
          '# --issuer URL puts the issuer into these commands. Whoever may read it gets it by kubectl get --raw /.well-known/openid-configuration, too.',
        ]
      : []),
    ...printScript(
      writeScript(byIdentity(safe), {
        issuers: issuer === undefined ? [] : [issuer],
        grants: 'vault',
      }),
      { width },
    ),
  ]
}
