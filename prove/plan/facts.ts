import { randomBytes } from 'node:crypto'

/** Names of `prove`. They never change, so that each run finds what another one left. */
export const namespaceName = 'akv-injector-prove'
/** The label of what a run makes in the cluster. */
export const madeBy = 'akv-injector.io/made-by'
export const mark = [madeBy, 'prove'] as const

/** The ServiceAccounts of the scenarios. Each has an identity of its own. */
export const accountNames = [
  /** May read the vault. */
  'reader',
  /** Signs in, and never had a right on the vault. */
  'stranger',
  /** Has no federated credential. */
  'loose',
  /** Reads the vault for Secret sync. */
  'sync',
] as const
export type AccountName = (typeof accountNames)[number]

/** A tenant that doesn't exist. */
export const wrongTenantId = '99999999-0000-4000-8000-000000000099'

/** The install that a run makes itself, with the user's own Helm. */
export interface OwnInstall {
  /** A folder, a file or a URL, as Helm takes it. */
  readonly chart: string
  /** Files with values, such as the image. */
  readonly values: readonly string[]
  /** The chart that an upgrade begins with. */
  readonly upgradeFrom?: string
  /** Whether its controller rolls workloads out. */
  readonly rollsOut: boolean
}

/** What a run knows before it makes anything. */
export interface Facts {
  /** The image of the pods: with sh, cat, base64 and sleep. */
  readonly image: string
  /** The namespace of the install. */
  readonly installNamespace: string
  /** Absent if the run tries an install that is there. */
  readonly install?: OwnInstall
  readonly vaultName: string
  /** Random values, so that no earlier run's value can be taken for this one's. */
  readonly values: Readonly<Record<ValueName, string>>
}

const valueNames = [
  'plain',
  'property',
  'encoded',
  'first',
  'second',
  'rolled',
  'old',
  'new',
] as const
type ValueName = (typeof valueNames)[number]

export const newValues = (): Facts['values'] =>
  Object.fromEntries(
    valueNames.map((name) => [name, randomBytes(16).toString('hex')]),
  ) as Facts['values']
