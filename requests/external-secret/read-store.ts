import { isVaultName } from '../../keyvault/reference.ts'
import { isName, subdomainName } from '../../lib/name-rules.ts'
import type { Problem } from '../../lib/problems/problem.ts'
import { isObject } from '../../lib/shape.ts'
import { tokenAudience } from '../../lib/token-audience.ts'
import { parseUuid } from '../../lib/values/parse-uuid.ts'
import type { CloudName, Policy } from '../administrator/policy.ts'
import { claim, ignored, only, type Place, readItems, readMembers, text, wrong } from './members.ts'
import { conditionsReader } from './read-conditions.ts'

/** What a SecretStore or a ClusterSecretStore says, as far as it is used here. */
export interface ReadStore {
  /** Lower case. */
  readonly vault?: string
  readonly tenantId?: string
  /** The ServiceAccount that it names, in the namespace of its ExternalSecrets. */
  readonly account?: string
  /** A sign-in that is never used here, such as `ServicePrincipal`. */
  readonly otherSignIn?: string
  readonly problems: readonly Problem[]
}

export type StoreContent =
  | { readonly kind: 'read'; readonly store: ReadStore }
  /** It isn't for us: it is another controller's, or another provider's. */
  | { readonly kind: 'other'; readonly sentence: string }
  /** It wasn't kept. `sentence` says why. */
  | { readonly kind: 'unread'; readonly sentence: string }

/**
 * Reads the `spec` of a store (docs/specification.md, "Stores").
 *
 * @param options - `namespace`: of the ExternalSecrets that use it
 */
export function readStore(
  spec: unknown,
  options: {
    readonly kind: StoreKind
    readonly namespace: string
    readonly policy: Pick<Policy, 'cloud' | 'cloudName'>
  },
): StoreContent {
  const { controller, provider } = isObject(spec) ? spec : {}
  if (typeof controller === 'string' && controller !== '')
    return {
      kind: 'other',
      sentence: 'spec.controller names another controller, which reads it; if none does, remove it',
    }
  const providers = isObject(provider) ? Object.keys(provider) : []
  if (providers.length === 1 && providers[0] !== 'azurekv')
    return {
      kind: 'other',
      sentence:
        'spec.provider is not azurekv; only Key Vault is read here, so leave it to the operator',
    }

  const found: Mutable<Omit<ReadStore, 'problems'>> = {}
  const place: Place = { path: ['spec'], problems: [] }
  readMembers(spec, place, {
    controller: ignored,
    retrySettings: ignored,
    refreshInterval: ignored,
    provider: (value, at) => readMembers(value, at, { azurekv: azureReader(found, options) }),
    conditions: conditionsReader(options),
  })
  if (found.vault === undefined && place.problems.length === 0)
    claim({ ...place, path: ['spec', 'provider', 'azurekv', 'vaultUrl'] }, 'is missing')
  return { kind: 'read', store: { ...found, problems: place.problems } }
}

export const storeKinds = ['SecretStore', 'ClusterSecretStore'] as const
export type StoreKind = (typeof storeKinds)[number]

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
type Options = Parameters<typeof readStore>[1]

const azureReader =
  (found: Mutable<Omit<ReadStore, 'problems'>>, { kind, namespace, policy }: Options) =>
  (value: unknown, place: Place): void =>
    readMembers(value, place, {
      vaultUrl: text((url, at) => {
        const vault = vaultIn(url, policy.cloud.vaultUrl)
        if (vault !== undefined) found.vault = vault
        else wrong(at, url, `expected ${policy.cloud.vaultUrl.replace('{vault}', 'NAME')}`)
      }),
      tenantId: text((tenant, at) => {
        const parsed = parseUuid(tenant)
        if (parsed.kind === 'valid') found.tenantId = parsed.value
        else wrong(at, tenant, parsed.problem)
      }),
      authType: text((type, at) => {
        if (type === 'ServicePrincipal' || type === 'ManagedIdentity') found.otherSignIn = type
        else only(['WorkloadIdentity', 'ManagedIdentity', 'ServicePrincipal'])(type, at)
      }),
      serviceAccountRef: (ref, at) => {
        let name: string | undefined
        let isElsewhere = false
        readMembers(ref, at, {
          name: text((found, inside) => {
            if (isName(found, subdomainName)) name = found
            else wrong(inside, found, `expected ${subdomainName.sentence}`)
          }),
          namespace: text((found, inside) => {
            isElsewhere = found !== namespace
            if (isElsewhere && kind === 'SecretStore')
              wrong(inside, found, 'a SecretStore may name an account of its own namespace only')
          }),
          audiences: (audiences, inside) =>
            readItems(audiences, inside, {
              most: maxAudiences,
              read: only([tokenAudience], ', which tokens always have'),
            }),
        })
        if (name !== undefined && !isElsewhere) found.account = name
      },
      environmentType: text((type, at) => {
        if (cloudOf[type] !== policy.cloudName)
          wrong(
            at,
            type,
            `this cluster uses the cloud "${policy.cloudName}", which the administrator chooses; name a vault of that cloud`,
          )
      }),
      // The operator's default is ServicePrincipal.
      authSecretRef: () => {
        if (!isObject(value) || value['authType'] == null) found.otherSignIn = 'ServicePrincipal'
      },
      identityId: ignored,
      useAzureSDK: ignored,
      customCloudConfig: ignored,
    })

/** More than any store should need. */
const maxAudiences = 100

const cloudOf: Readonly<Record<string, CloudName>> = {
  PublicCloud: 'public',
  USGovernmentCloud: 'usgov',
  ChinaCloud: 'china',
  AzureStackCloud: 'custom',
}

/** The name of the vault in a URL of the operator's form. The host is never taken from a store. */
function vaultIn(url: string, template: string): string | undefined {
  const [before = '', after = ''] = template.toLowerCase().split('{vault}')
  const lower = url.toLowerCase().replace(/\/$/, '')
  if (!lower.startsWith(before) || !lower.endsWith(after)) return undefined
  const vault = lower.slice(before.length, lower.length - after.length)
  return isVaultName(vault) ? vault : undefined
}
