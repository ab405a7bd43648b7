import type { ObjectReference } from '../../keyvault/reference.ts'
import { type AccountName, wrongTenantId } from '../plan/facts.ts'

/** One request of the agent, as data. */
export interface AnswerRequest {
  readonly id: AnswerRequestId
  /** Who signs in. */
  readonly account: AccountName
  readonly asks:
    | {
        readonly for: 'token'
        /** Default: the tenant of the vault. */
        readonly tenantId?: string
        /** The agent asks Entra twice: where tokens are given, and for a token. Default: the second one. */
        readonly isFirst?: true
      }
    | {
        readonly for: 'object'
        readonly type: ObjectReference['type']
        readonly name: string
        /** The older one of two versions. Default: the newest. */
        readonly isOld?: true
        /** Sends a token that no vault accepts. */
        readonly isRefused?: true
        /** Sends the request again and again until the vault throttles it. */
        readonly isThrottled?: true
      }
    | { readonly for: 'versions'; readonly name: string }
    | { readonly for: 'list' }
}

export const answerRequestIds = [
  'discovery',
  'token',
  'no-credential',
  'wrong-tenant',
  'refused-token',
  'wrong-role',
  'secret',
  'secret-version',
  'secret-versions',
  'secret-list',
  'certificate',
  'certificate-secret',
  'key',
  'absent',
  'expired',
  'disabled',
  'soft-deleted',
  'throttled',
] as const
export type AnswerRequestId = (typeof answerRequestIds)[number]

type Asks = AnswerRequest['asks']
type ObjectAsks = Extract<Asks, { readonly for: 'object' }>
const secret = (
  name: string,
  more: Pick<ObjectAsks, 'isOld' | 'isRefused' | 'isThrottled'> = {},
): Asks => ({ for: 'object', type: 'secret', name, ...more })

const all: Readonly<Record<AnswerRequestId, readonly [AccountName, Asks]>> = {
  discovery: ['reader', { for: 'token', isFirst: true }],
  token: ['reader', { for: 'token' }],
  'no-credential': ['loose', { for: 'token' }],
  'wrong-tenant': ['reader', { for: 'token', tenantId: wrongTenantId }],
  'refused-token': ['reader', secret('plain', { isRefused: true })],
  'wrong-role': ['stranger', secret('plain')],
  secret: ['reader', secret('plain')],
  'secret-version': ['reader', secret('versions', { isOld: true })],
  'secret-versions': ['reader', { for: 'versions', name: 'versions' }],
  'secret-list': ['reader', { for: 'list' }],
  certificate: ['reader', { for: 'object', type: 'cert', name: 'web' }],
  'certificate-secret': ['reader', { for: 'object', type: 'tls', name: 'web' }],
  key: ['reader', { for: 'object', type: 'key', name: 'signing' }],
  absent: ['reader', secret('absent')],
  expired: ['reader', secret('expired')],
  disabled: ['reader', secret('disabled')],
  'soft-deleted': ['reader', secret('deleted')],
  throttled: ['reader', secret('plain', { isThrottled: true })],
}

/**
 * Each kind of request that the agent makes, in the order in which they are made.
 *
 * @param options - `throttles`: whether the vault is asked until it throttles. `hasBinding`: whether an identity binding was made. AKS
 *   then gives the identity a federated credential of its own, so Entra's answer would be another one
 */
export const answerRequests = ({
  throttles,
  hasBinding = false,
}: {
  readonly throttles: boolean
  readonly hasBinding?: boolean
}): readonly AnswerRequest[] =>
  answerRequestIds
    .filter((id) => throttles || id !== 'throttled')
    .filter((id) => !hasBinding || id !== 'no-credential')
    .map((id) => ({ id, account: all[id][0], asks: all[id][1] }))
