import { isVaultName } from '../../keyvault/reference.ts'
import { tokenAudience } from '../../lib/azure/token-audience.ts'
import { isName, subdomainName } from '../../lib/name-rules.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import type { Problem } from '../../lib/problems/problem.ts'
import {
  eachOf,
  ignored,
  only,
  parsed,
  type Read,
  reportThat,
  reportValue,
  someOf,
  textAs,
} from '../../lib/problems/read.ts'
import { isObject, valueAt, withoutAbsent } from '../../lib/shape.ts'
import { parseUuid } from '../../lib/values/parse-uuid.ts'
import { maxEntries } from '../account/secret-keys.ts'
import type { CloudName, Policy } from '../administrator/policy.ts'
import { boundProblems } from '../source/source.ts'
import { conditionsReader } from './read-conditions.ts'
import { unusedFields } from './unused-fields.ts'

/** What a SecretStore or a ClusterSecretStore says, as far as it is used here. */
export interface ReadStore {
  /** Lower case. */
  readonly vault?: string
  readonly tenantId?: string
  /** The ServiceAccount that it names, in the namespace of its ExternalSecrets. */
  readonly account?: string
  /** The fields that have no effect here. */
  readonly unused: readonly Problem[]
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
 * @param options - `namespace`: of the ExternalSecrets that use it; undefined for what is true in all namespaces
 */
export function readStore(
  spec: unknown,
  options: {
    readonly kind: StoreKind
    readonly namespace: string | undefined
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

  const at = { path: ['spec'], problems: [] as Problem[] }
  const { provider: read } = someOf({
    controller: ignored,
    retrySettings: someOf({ maxRetries: ignored, retryInterval: ignored }),
    refreshInterval: ignored,
    provider: someOf({ azurekv: azureReader(options) }),
    conditions: conditionsReader(options),
  })(spec, at)
  const found = read?.azurekv ?? {}
  if (found.vault === undefined && at.problems.length === 0)
    reportThat({ ...at, path: ['spec', 'provider', 'azurekv', 'vaultUrl'] }, 'is missing')
  return {
    kind: 'read',
    store: {
      ...found,
      unused: unusedFields(spec, options.namespace),
      problems: boundProblems(at.problems),
    },
  }
}

export const storeKinds = ['SecretStore', 'ClusterSecretStore'] as const
export type StoreKind = (typeof storeKinds)[number]

/** A reference to a store. */
export interface StoreRef {
  readonly kind: StoreKind
  readonly name: string
}

type Options = Parameters<typeof readStore>[1]

const azureReader =
  (options: Options): Read<Omit<ReadStore, 'problems' | 'unused'>> =>
  (value, at) => {
    const { cloud, cloudName } = options.policy
    const found = someOf({
      vaultUrl: parsed((url) => parseVaultUrl(url, cloud.vaultUrl)),
      tenantId: parsed(parseUuid),
      authType: textAs(only(['WorkloadIdentity', 'ManagedIdentity', 'ServicePrincipal'])),
      serviceAccountRef: accountReader(options),
      environmentType: parsed((type) => parseEnvironment(type, cloudName)),
      authSecretRef: someOf({
        clientId: ignored,
        tenantId: ignored,
        clientSecret: ignored,
        clientCertificate: ignored,
      }),
      identityId: ignored,
      useAzureSDK: ignored,
      customCloudConfig: someOf({
        activeDirectoryEndpoint: ignored,
        keyVaultEndpoint: ignored,
        keyVaultDNSSuffix: ignored,
        resourceManagerEndpoint: ignored,
        audience: ignored,
      }),
    })(value, at)
    return withoutAbsent({
      vault: found.vaultUrl,
      tenantId: found.tenantId,
      account: found.serviceAccountRef,
    })
  }

/** Reads the account that a store names, if it is in the namespace of the ExternalSecrets. */
const accountReader =
  ({ kind, namespace }: Options): Read<string> =>
  (value, at) => {
    const { name, namespace: isElsewhere } = someOf({
      name: parsed(parseSubdomain),
      namespace: textAs((found, inside) => {
        if (found !== namespace && kind === 'SecretStore')
          reportValue(inside, found, 'a SecretStore may name an account of its own namespace only')
        return found !== namespace
      }),
      audiences: eachOf(only([tokenAudience], ', which tokens always have'), maxAudiences),
    })(value, at)
    return isElsewhere ? undefined : name
  }

/** More than any store should need. */
const maxAudiences = 100

const cloudOf: Readonly<Record<string, CloudName>> = {
  PublicCloud: 'public',
  USGovernmentCloud: 'usgov',
  ChinaCloud: 'china',
  AzureStackCloud: 'custom',
}

const parseEnvironment = (type: string, cloudName: CloudName): Parsed<string> =>
  cloudOf[type] === cloudName
    ? valid(type)
    : invalid(
        `this cluster uses the cloud "${cloudName}", which the administrator chooses; name a vault of that cloud`,
      )

/** The name of the vault in a URL of the operator's form. The host is never taken from a store. */
function parseVaultUrl(url: string, template: string): Parsed<string> {
  const [before = '', after = ''] = template.toLowerCase().split('{vault}')
  const lower = url.toLowerCase().replace(/\/$/, '')
  const vault = lower.slice(before.length, lower.length - after.length)
  return lower.startsWith(before) && lower.endsWith(after) && isVaultName(vault)
    ? valid(vault)
    : invalid(`expected ${template.replace('{vault}', 'NAME')}`)
}

/** Accepts the name of an object of Kubernetes. */
export const parseSubdomain = (name: string): Parsed<string> =>
  isName(name, subdomainName) ? valid(name) : invalid(`expected ${subdomainName.sentence}`)

/**
 * The stores that an ExternalSecret names by a valid name, each once, whatever else is wrong with it.
 *
 * @param spec - any JSON
 */
export function storeRefsIn(spec: unknown): readonly StoreRef[] {
  if (!isObject(spec)) return []
  const items = [spec['data'], spec['dataFrom']].flatMap((list) =>
    Array.isArray(list) ? list.slice(0, maxEntries) : [],
  )
  const written = [
    spec['secretStoreRef'],
    ...items.map((item) => valueAt(item, 'sourceRef', 'storeRef')),
  ]
  const refs = new Map<string, StoreRef>()
  for (const ref of written) {
    const name = valueAt(ref, 'name')
    const kind = valueAt(ref, 'kind') ?? 'SecretStore'
    const isStore = typeof name === 'string' && isName(name, subdomainName)
    if (isStore && storeKinds.includes(kind as StoreKind))
      refs.set(`${kind} ${name}`, { kind: kind as StoreKind, name })
  }
  return [...refs.values()]
}
