import { stringify } from 'yaml'
import { isName, labelName } from '../../lib/name-rules.ts'
import type { Lookup } from '../../requests/class/looked-up.ts'
import { type AdmissionCase, type PolicyChanges, seedCases } from './golden/admission-cases.ts'

/** A case of the seeds as its user has it: manifests, and the settings of the administrator. */
export interface SeedManifests {
  readonly name: string
  /** Classes, ServiceAccount and pod. */
  readonly text: string
  readonly env: Readonly<Record<string, string>>
  readonly namespace: string
}

/** All seed cases whose objects have names by which the API server could know them, in a namespace that could exist. */
export const seedManifests: readonly SeedManifests[] = seedCases.cases
  .map(({ name, review, policyChanges, lookedUp }) => ({
    name,
    text: documents(review, lookedUp),
    env: environmentOf(policyChanges),
    namespace: String(review.request['namespace']),
  }))
  .filter(({ namespace }) => isName(namespace, labelName))

function documents({ request }: AdmissionCase['review'], lookedUp: AdmissionCase['lookedUp']) {
  const lookups: readonly Lookup[] = [
    ...(lookedUp?.classes.values() ?? []),
    ...(lookedUp?.account === undefined ? [] : [lookedUp.account]),
  ]
  const found = lookups.flatMap((lookup) => (lookup.kind === 'found' ? [lookup.object] : []))
  return [...found, request['object']]
    .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n')
}

function environmentOf(changes: PolicyChanges = {}): Readonly<Record<string, string>> {
  const { cloudName, csiRefreshSeconds, allowedVaults } = changes
  return {
    AKV_INJECTOR_CSI: 'labelled',
    ...(cloudName === 'custom' && {
      AKV_INJECTOR_CLOUD: 'custom',
      AKV_INJECTOR_AUTHORITY_HOST: 'https://login.example',
      AKV_INJECTOR_VAULT_URL: 'https://{vault}.vault.example',
      AKV_INJECTOR_VAULT_AUDIENCE: 'https://vault.example',
    }),
    ...(csiRefreshSeconds !== undefined && { AKV_INJECTOR_CSI_REFRESH: `${csiRefreshSeconds}s` }),
    ...(allowedVaults && {
      AKV_INJECTOR_ALLOWED_VAULTS: Object.entries(allowedVaults)
        .map(([namespace, vaults]) => `${namespace}=${vaults.join('+')}`)
        .join(';'),
    }),
  }
}
