import { valueAt } from '../../lib/shape.ts'
import type { AccountName } from './facts.ts'

/** What Azure chooses while a run makes things. The emulator takes what the plan says. */
export interface Made {
  readonly clientIds: Readonly<Partial<Record<AccountName, string>>>
  /** The object IDs that roles are assigned to. */
  readonly principalIds: Readonly<Partial<Record<AccountName, string>>>
  readonly versions: Readonly<Partial<Record<VersionName, string>>>
}
type VersionName = 'old' | 'new'

/** What the answer to a call says: the IDs of an identity, or the version of a secret. */
export type Learned =
  | { readonly of: 'identity'; readonly account: AccountName }
  /** Only the client ID of an identity, at this path of the answer. */
  | { readonly of: 'client'; readonly account: AccountName; readonly at: readonly string[] }
  | { readonly of: 'version'; readonly name: VersionName }

export const nothingMade: Made = { clientIds: {}, principalIds: {}, versions: {} }

/** Adds what an answer says. Undefined if it doesn't say it. */
export function learn(made: Made, learned: Learned, answer: unknown): Made | undefined {
  switch (learned.of) {
    case 'identity': {
      const clientId = textAt(answer, 'clientId')
      const principalId = textAt(answer, 'principalId')
      if (clientId === undefined || principalId === undefined) return undefined
      const { account } = learned
      return {
        ...made,
        clientIds: { ...made.clientIds, [account]: clientId },
        principalIds: { ...made.principalIds, [account]: principalId },
      }
    }
    case 'client': {
      const clientId = textAt(answer, ...learned.at)
      if (clientId === undefined) return undefined
      return { ...made, clientIds: { ...made.clientIds, [learned.account]: clientId } }
    }
    case 'version': {
      // https://VAULT/secrets/NAME/VERSION
      const version = textAt(answer, 'id')?.split('/').at(-1)
      if (version === undefined || !/^[0-9a-f]{32}$/.test(version)) return undefined
      return { ...made, versions: { ...made.versions, [learned.name]: version } }
    }
    default:
      return learned satisfies never
  }
}

function textAt(answer: unknown, ...path: readonly string[]): string | undefined {
  const text = valueAt(answer, ...path)
  return typeof text === 'string' && text !== '' && text.length <= 1024 ? text : undefined
}
