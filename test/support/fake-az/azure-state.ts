/** What the stand-in for the Azure CLI knows. */
export interface AzureState {
  readonly subscription: string
  identities: readonly FakeIdentity[]
  credentials: readonly FakeCredential[]
  vaults: readonly FakeVault[]
  assignments: readonly FakeAssignment[]
  /** Custom roles; the built-in ones are known. By GUID. */
  roles: Readonly<Record<string, FakeRole>>
  /** The groups that a principal is in. */
  groups: Readonly<Record<string, readonly string[]>>
  /** Commands that fail or print something else, by their words, such as `keyvault show`. `*` is every command. */
  failures: Readonly<Record<string, FakeFailure>>
}

/** One managed identity, as `az identity list` knows it. */
export interface FakeIdentity {
  readonly clientId: string
  readonly name: string
  readonly resourceGroup: string
}

export interface FakeCredential {
  readonly identity: string
  readonly name: string
  readonly issuer: string
  readonly subject?: string
  readonly audiences: readonly string[]
}

export interface FakeVault {
  readonly name: string
  readonly id: string
  /** Absent: the vault uses roles. */
  readonly policies?: readonly FakePolicy[]
}

export interface FakePolicy {
  readonly objectId: string
  readonly applicationId?: string
  readonly permissions: Readonly<Record<string, readonly string[]>>
}

export interface FakeAssignment {
  readonly role: string
  readonly scope: string
  readonly principalId: string
  readonly condition?: string
}

export interface FakeRole {
  readonly name: string
  readonly actions?: readonly string[]
  readonly notActions?: readonly string[]
  readonly dataActions?: readonly string[]
  readonly notDataActions?: readonly string[]
  readonly condition?: string
}

export interface FakeFailure {
  readonly code?: number
  readonly stderr?: string
  /** Printed as it is, this many times. */
  readonly stdout?: string
  readonly times?: number
  /** Starts a process that sleeps, writes its ID to this file, and waits for it. */
  readonly hangs?: string
}

/** The object ID of an identity's service principal. */
export const principalOf = ({ clientId }: Pick<FakeIdentity, 'clientId'>): string =>
  `77777777${clientId.slice(8)}`

export const emptyAzure = (identities: readonly FakeIdentity[]): AzureState => ({
  subscription: '00000000-0000-0000-0000-0000000000aa',
  identities,
  credentials: [],
  vaults: [],
  assignments: [],
  roles: {},
  groups: {},
  failures: {},
})
