/** The commands that tests and the control endpoint give to a running emulator. */

import type { EmulatorState } from './emulator-state.ts'
import {
  mintServiceAccountToken,
  type ServiceAccountTokenOptions,
} from './entra/service-account-token.ts'
import type { Fault } from './faults/faults.ts'
import type { SeenRequest } from './http/request-log.ts'
import {
  type Creation,
  create,
  type ObjectChange,
  type Rotation,
  rotate,
  update,
} from './vault/store/vault-changes.ts'

export interface Commands {
  /** The last 10,000 requests, the newest last. */
  readonly requests: readonly SeenRequest[]
  /** A token of the emulator's own issuer, as the API server projects it into a pod. */
  serviceAccountToken(options: ServiceAccountTokenOptions): Promise<string>
  /**
   * Creates a secret. Returns the ID of its version.
   *
   * @throws Error when the vault doesn't exist, or already has this secret or a certificate of this name
   */
  create(secret: Creation): string
  /**
   * Adds a version. Returns its ID. A certificate gets a new key, and its secret and its key change with it.
   *
   * @throws Error when the vault or the object doesn't exist, or the object is deleted
   */
  rotate(rotation: Rotation): string
  /**
   * Changes a version (by default the newest), or deletes or recovers the object.
   *
   * @throws Error when the vault, object or version doesn't exist
   */
  update(change: ObjectChange): void
  /** @throws Error when there are already a thousand faults */
  addFault(fault: Fault): void
  clearFaults(): void
}

export function createCommands(state: EmulatorState, requests: readonly SeenRequest[]): Commands {
  const { issuerSigner: signer, vaults, faults, now } = state
  return {
    requests,
    serviceAccountToken: (options) =>
      mintServiceAccountToken({ ...options, signer, issuer: state.ownIssuer, now: now() }),
    create: (secret) => create(vaults, secret, now()),
    rotate: (rotation) => rotate(vaults, rotation, now()),
    update: (change) => update(vaults, change, now()),
    addFault: faults.add,
    clearFaults: faults.clear,
  }
}
