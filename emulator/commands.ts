/** What can be asked of a running emulator, by a test or through the control end point. */

import type { EmulatorState } from './emulator-state.ts'
import {
  mintServiceAccountToken,
  type ServiceAccountTokenOptions,
} from './entra/service-account-token.ts'
import type { Fault } from './faults/faults.ts'
import type { SeenRequest } from './http/request-log.ts'
import { type ObjectChange, type Rotation, rotate, update } from './vault/store/vault-changes.ts'

export interface Commands {
  /** The last 10,000, newest last. */
  readonly requests: readonly SeenRequest[]
  /** A token of the emulator's own issuer, as the API server projects it into a pod. */
  serviceAccountToken(options: ServiceAccountTokenOptions): Promise<string>
  /**
   * Adds a version, and the secret where there is none. Gives the new version's id. A certificate gets a new key, and so
   * do its secret and its key, in the same moment.
   *
   * @throws Error when there is no such vault, key or certificate, or the object is deleted
   */
  rotate(rotation: Rotation): string
  /**
   * Changes a version (default: the newest) in place, or deletes or recovers the object.
   *
   * @throws Error when there is no such vault, object or version
   */
  update(change: ObjectChange): void
  /** @throws Error when there are a thousand already */
  addFault(fault: Fault): void
  clearFaults(): void
}

export function createCommands(state: EmulatorState, requests: readonly SeenRequest[]): Commands {
  const { issuerSigner: signer, vaults, faults, now } = state
  return {
    requests,
    serviceAccountToken: (options) =>
      mintServiceAccountToken({ ...options, signer, issuer: state.ownIssuer, now: now() }),
    rotate: (rotation) => rotate(vaults, rotation, now()),
    update: (change) => update(vaults, change, now()),
    addFault: faults.add,
    clearFaults: faults.clear,
  }
}
