/** The fields of a ServiceAccount that the controller reads. */
export interface Account {
  readonly namespace: string
  readonly name: string
  /** An account that was deleted and created again has another uid. */
  readonly uid: string
  readonly annotations: Readonly<Record<string, unknown>>
}

/** What identifies an account, also among those of the same name that were deleted before. */
export type AccountId = Pick<Account, 'namespace' | 'name' | 'uid'>
