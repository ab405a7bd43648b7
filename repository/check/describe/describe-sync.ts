import { bindingSignIn, signsInAs } from '../../../command/review/describe-injection.ts'
import { describePattern, describeWanted, row } from '../../../command/review/describe-wanted.ts'
import type { SecretValue } from '../../../delivery/destination.ts'
import { tlsFileNames } from '../../../delivery/target-path.ts'
import type { SyncRequest } from '../../../requests/account/account-request.ts'
import { filesOfSecret } from '../../../requests/account/account-request.ts'
import type { RequestedSecret } from '../../../requests/secret/requested-secret.ts'
import type { SecretFind } from '../../../requests/secret/secret-find.ts'
import { enabledIn } from '../../input/accounts/enabled-in.ts'
import type { AnnotatedManifest } from '../../input/objects/find-objects.ts'

/** Describes what Secret sync would do for a ServiceAccount, one line for each Secret and each setting. */
export function describeSync(
  { namespace, name }: Pick<AnnotatedManifest, 'namespace' | 'name'>,
  {
    config,
    azure,
    secrets,
    usesBinding,
  }: Pick<SyncRequest, 'config' | 'azure' | 'secrets' | 'usesBinding'>,
): readonly string[] {
  return [
    ...secrets.map((secret) =>
      secretRow(secret, [
        ...filesOfSecret(secret.name, config).map(describeKey),
        ...(config.finds ?? []).flatMap((find) => describeKeys(find, secret.name)),
      ]),
    ),
    ...(usesBinding
      ? [row('sign-in', `${signsInAs({ ...azure, ...config.identity })}, ${bindingSignIn}`)]
      : []),
    row('refresh', `every ${config.refreshSeconds} s`),
    row('needs', `ServiceAccount ${name} ${enabledIn(namespace)}`),
  ]
}

/**
 * Describes one Secret in a line.
 *
 * @param files - the values of its keys
 */
export function describeSecret(secret: RequestedSecret, files: readonly SecretValue[]): string {
  return secretRow(secret, files.map(describeKey))
}

/** Describes one Secret in a line, from the descriptions of its keys. */
export function secretRow(
  { name, type, labels }: Pick<RequestedSecret, 'name' | 'type' | 'labels'>,
  keys: readonly string[],
): string {
  const added = Object.entries(labels).map(([key, value]) => `, ${key}=${value}`)
  return row('Secret', `${name} (${type}${added.join('')}): ${keys.join(', ')}`)
}

function describeKey(file: SecretValue): string {
  const { to } = file
  const key = to.kind === 'input' ? `#${to.index}` : (to.key ?? keysOf(file))
  return `${key} \u2190 ${describeWanted(file)}`
}

const describeKeys = ({ to, vault, criteria, optional }: SecretFind, secret: string) =>
  to.secret === secret && 'pattern' in criteria
    ? [`* \u2190 ${describePattern({ vault, ...criteria, ...(optional && { optional }) })}`]
    : []

/** Names the keys of an entry that fills a whole Secret. */
const keysOf = ({ object }: SecretValue): string =>
  object.type === 'tls' ? `{${tlsFileNames.join(',')}}` : '*'
