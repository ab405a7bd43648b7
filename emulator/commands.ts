import { type AddedContent, add, type ContentNames, remove } from './content.ts'
import {
  mintServiceAccountToken,
  type ServiceAccountTokenOptions,
} from './entra/service-account-token.ts'
import type { Tenant } from './entra/tenant.ts'
import type { SeenRequest } from './http/request-log.ts'
import {
  type Creation,
  create,
  type ObjectChange,
  type Rotation,
  rotate,
  update,
} from './vault/store/vault-changes.ts'
import type { VaultService } from './vault/vault-service.ts'

/** The commands that tests and the control endpoint give to a running emulator. */
export type Commands = ReturnType<typeof createCommands>

export function createCommands(
  state: Tenant & VaultService,
  requests: readonly SeenRequest[],
  tokenProxy?: { readonly rotateAuthority: () => Promise<string> },
) {
  const { issuerSigner: signer, vaults, identities, faults, now } = state
  return {
    /** The last 10,000 requests, the newest last. */
    requests,
    /** A token of the emulator's own issuer, as the API server projects it into a pod. */
    serviceAccountToken: (options: ServiceAccountTokenOptions) =>
      mintServiceAccountToken({ ...options, signer, issuer: state.ownIssuer, now: now() }),
    /** Adds identities and vaults, all or none of them. */
    add: (content: AddedContent) => add({ identities, vaults }, content, now()),
    /** Removes identities, vaults, and faults that name these vaults. It ignores those that don't exist. */
    remove: (names: ContentNames) => {
      remove({ identities, vaults }, names)
      for (const name of names.vaults) faults.clear(name)
    },
    /** The identities and vaults that exist now. */
    names: (): ContentNames => ({ identities: [...identities.keys()], vaults: [...vaults.keys()] }),
    /** Creates a secret. Returns the ID of its version. */
    create: (secret: Creation) => create(vaults, secret, now()),
    /** Adds a version. Returns its ID. A certificate gets a new key, and its secret and its key change with it. */
    rotate: (rotation: Rotation) => rotate(vaults, rotation, now()),
    /** Changes a version (by default the newest), or deletes or recovers the object. */
    update: (change: ObjectChange) => update(vaults, change, now()),
    /** Replaces the authority of the emulated cluster. Returns the new one in PEM. */
    rotateClusterCa: tokenProxy?.rotateAuthority ?? withoutCluster,
    addFault: faults.add,
    clearFaults: faults.clear,
  }
}

async function withoutCluster(): Promise<string> {
  throw new Error('there is no cluster; start the emulator with --cluster-id')
}
