import type { ProofCall } from '../tools/tools.ts'
import type { Facts } from './facts.ts'
import type { Made } from './made.ts'
import type { ProofPlan } from './resource.ts'

/** A change of the vault that a scenario makes. */
export type VaultChange =
  | { readonly kind: 'new-version'; readonly name: string; readonly value: string }
  | { readonly kind: 'enable' | 'disable' | 'delete'; readonly name: string }
  /** Who may connect to the vault, whatever role they have. */
  | {
      readonly kind: 'network'
      readonly by: 'public-access' | 'firewall'
      readonly isOpen: boolean
    }
  | { readonly kind: 'delete-vault' }

/** Where the vault and the identities are: in an emulator, or in a subscription. */
export interface ProofAzure {
  readonly kind: 'emulated' | 'real'
  /** Whether a run makes an identity binding there. */
  readonly hasBinding: boolean
  readonly vaultName: string
  plan(facts: Facts): ProofPlan
  /** What is known before anything is made. */
  readonly known: Made
  callOf(change: VaultChange): ProofCall
}
