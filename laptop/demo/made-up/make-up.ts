import { applyPatch } from '../../../command/review/apply-patch.ts'
import { findAgent } from '../../../command/review/describe-injection.ts'
import type { AgentConfig } from '../../../delivery/contract.ts'
import { defaultTenantId, type EmulatorData } from '../../../emulator/data/data.ts'
import { tokenAudience } from '../../../lib/azure/token-audience.ts'
import {
  completeObjects,
  madeUpVault,
} from '../../../repository/input/accounts/complete-objects.ts'
import {
  accountNameOf,
  accountVariables,
  workloadIdentity,
} from '../../../repository/input/accounts/workload-identity.ts'
import type { FoundObject, PodTemplate } from '../../../repository/input/objects/find-objects.ts'
import { reviewTemplate } from '../../../repository/input/review-template.ts'
import { demoSettings } from './demo-settings.ts'
import { describeMadeUp } from './describe-made-up.ts'
import { makeVaults } from './make-vaults.ts'

/** The surroundings of a pod: what its vaults, its cluster and its administrator provide. */
export interface Surroundings {
  readonly data: EmulatorData
  /** The objects that the webhook can look up. */
  readonly objects: readonly FoundObject[]
  /** Settings of the administrator. */
  readonly settings: Readonly<Record<string, string>>
  /** The variables that the azure-workload-identity webhook would give to the agent. */
  readonly agentEnv: Readonly<Record<string, string>>
  /** A line for each thing that was made up. */
  readonly madeUp: readonly string[]
}

/**
 * Makes up everything that a pod names and the files don't have: SecretProviderClasses, the client of the ServiceAccount,
 * the tenant, and the vaults with all objects in them. A pod that the webhook would deny gets no vaults.
 *
 * @param objects - those of the files
 */
export function makeUp(template: PodTemplate, objects: readonly FoundObject[]): Surroundings {
  const complete = completeObjects(template, objects)
  const { policy: configured } = demoSettings(anyEmulator)
  const settings = {
    ...(configured.defaultVault === undefined && { AKV_INJECTOR_DEFAULT_VAULT: madeUpVault }),
    ...(configured.defaultTenantId === undefined && {
      AKV_INJECTOR_DEFAULT_TENANT_ID: defaultTenantId,
    }),
  }
  const { policy } = demoSettings({ ...anyEmulator, ...settings })
  const outcome = reviewTemplate(template, { policy, objects: complete.objects })
  if (outcome.kind !== 'injected') {
    const data = { tenantId: defaultTenantId, identities: [], vaults: [] }
    return { data, objects: complete.objects, settings, agentEnv: {}, madeUp: [] }
  }
  const { config } = findAgent(applyPatch(template.pod, outcome.operations))
  const byLabel = workloadIdentity(template, complete)
  const agentEnv = isClientKnown(config, byLabel) ? byLabel : accountVariables(template, complete)
  const data = makeData(template, { config, agentEnv })
  const isLabelMissing = !isClientKnown(config, byLabel)
  return {
    data,
    objects: complete.objects,
    settings,
    agentEnv,
    madeUp: describeMadeUp(template, { config, data, complete, isLabelMissing }),
  }
}

/** The emulator doesn't run yet, and its address doesn't change what a pod reads. */
const anyEmulator = {
  AKV_INJECTOR_AUTHORITY_HOST: 'https://localhost',
  AKV_INJECTOR_VAULT_URL: 'https://localhost/{vault}',
}

const isClientKnown = ({ identity }: AgentConfig, env: Readonly<Record<string, string>>): boolean =>
  (identity.clientId ?? env['AZURE_CLIENT_ID'] ?? identity.defaultClientId) !== undefined

function makeData(
  template: PodTemplate,
  { config, agentEnv }: Pick<Surroundings, 'agentEnv'> & { readonly config: AgentConfig },
): EmulatorData {
  const { identity } = config
  const tenantId = identity.tenantId ?? agentEnv['AZURE_TENANT_ID'] ?? identity.defaultTenantId
  const clientId =
    identity.clientId ?? agentEnv['AZURE_CLIENT_ID'] ?? identity.defaultClientId ?? ''
  const subject = `system:serviceaccount:${template.namespace}:${accountNameOf(template)}`
  return {
    tenantId: (tenantId ?? defaultTenantId).toLowerCase(),
    identities: [
      {
        clientId: clientId.toLowerCase(),
        federatedCredentials: [{ subject, audience: tokenAudience }],
      },
    ],
    vaults: makeVaults(config),
  }
}
