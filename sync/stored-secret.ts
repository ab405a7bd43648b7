import type { Parsed } from '../keyvault/reference.ts'

/** A Secret as the API server has it. */
export interface StoredSecret {
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  readonly type: string
  readonly isImmutable: boolean
  /** It has a deletion timestamp: finalizers keep it, nobody else will. */
  readonly isBeingDeleted: boolean
  readonly labels: ReadonlyMap<string, string>
  readonly annotations: ReadonlyMap<string, string>
  readonly owners: readonly Owner[]
  readonly data: ReadonlyMap<string, Uint8Array>
  /** What our field manager owns by Apply. */
  readonly applied: {
    readonly data: ReadonlySet<string>
    readonly labels: ReadonlySet<string>
    readonly annotations: ReadonlySet<string>
  }
  /**
   * Where in `metadata.managedFields` our entry of the creation stands while it is an Update's: the Secret is created
   * and not yet claimed.
   */
  readonly unclaimedEntry?: number
}

/** An entry of `metadata.ownerReferences`. */
export interface Owner {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
}

/** Reads a Secret, with its managedFields, as the API server's JSON has it. */
export function readStoredSecret(object: unknown): Parsed<StoredSecret> {
  throw new Error(`not built yet: ${typeof object}`)
}
