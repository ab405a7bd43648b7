/** An object of any kind, as the API server stores it. */
export interface ApiObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMetadata
  readonly [field: string]: unknown
}

export interface ObjectMetadata {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly labels?: Texts
  readonly annotations?: Texts
  readonly ownerReferences?: readonly Readonly<Record<'uid' | 'name', string>>[]
  readonly finalizers?: readonly string[]
  readonly deletionTimestamp?: string
  readonly managedFields?: readonly ManagedFields[]
}

/** The fields of an object that one manager owns. */
export interface ManagedFields {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly fieldsV1: object
}

export interface Secret extends ApiObject {
  readonly type: string
  readonly immutable?: boolean
  /** Values in base64. */
  readonly data?: Texts
}

type Texts = Readonly<Record<string, string>>
