import { AkvError } from '../../lib/errors/akv-error.ts'
import { printable } from '../../lib/printable.ts'
import type { Account, RequestedSecret } from '../request/read-account.ts'
import { lackingKeys } from '../request/secret-types.ts'
import { describeOwner, ownershipOf } from './ownership.ts'
import { planApply } from './plan-apply.ts'
import { planClaim } from './plan-claim.ts'
import { isRecordName } from './record.ts'
import type { SecretData } from './secret-data.ts'
import { secretManifest } from './secret-manifest.ts'
import { secretObstacle } from './secret-obstacle.ts'
import type { DeletionReason, SecretStep } from './secret-step.ts'
import type { StoredSecret } from './stored-secret.ts'
import type { SyncedObject } from './synced-objects.ts'

export interface SecretSituation {
  readonly account: Pick<Account, 'namespace' | 'name' | 'uid'>
  /** Absent: the account asks for it no more. */
  readonly desired?: DesiredSecret | undefined
  /** Absent: there is no Secret of that name. */
  readonly stored?: StoredSecret | undefined
}

export interface DesiredSecret {
  readonly secret: RequestedSecret
  readonly data: SecretData
  /** For the annotation `akv-injector.io/synced`; none for the record. */
  readonly objects: readonly SyncedObject[]
}

const nothing: SecretStep = { kind: 'nothing' }
const wait: SecretStep = { kind: 'wait' }

/**
 * Decides what to do with one Secret. What isn't the account's own is never touched, unless it was handed over;
 * nothing is created that isn't whole, and nothing written that changes nothing.
 */
export function planSecret({ account, desired, stored }: SecretSituation): SecretStep {
  if (stored === undefined) return desired === undefined ? nothing : planCreation(desired, account)
  if (stored.isBeingDeleted) return desired === undefined ? nothing : wait

  const ownership = ownershipOf(stored, account)
  if (desired === undefined)
    return ownership === 'ours' || ownership === 'former' ? deletion(stored, 'unwanted') : nothing
  switch (ownership) {
    case 'ours':
      return planChange(desired, { account, stored })
    case 'former':
      return planRenewal(desired, { account, stored })
    case 'offered':
      return planAdoption(desired, { account, stored })
    case 'foreign':
      return { kind: 'blocked', error: foreign(stored) }
    default:
      return ownership satisfies never
  }
}

interface Place {
  readonly account: SecretSituation['account']
  readonly stored: StoredSecret
}

function planCreation(
  { secret, data, objects }: DesiredSecret,
  account: SecretSituation['account'],
): SecretStep {
  const { keys, state } = data
  if (state !== 'whole') return wait
  const error = secretObstacle(secret, { keys })
  return error === undefined
    ? { kind: 'create', secret: secretManifest({ account, secret, keys, objects }) }
    : { kind: 'blocked', error }
}

/** The garbage collector is about to take the old one. It stands until there is something to put in its place. */
function planRenewal(desired: DesiredSecret, { account, stored }: Place): SecretStep {
  const creation = planCreation(desired, account)
  return creation.kind === 'create' ? deletion(stored, 'renewed') : creation
}

function planAdoption(desired: DesiredSecret, place: Place): SecretStep {
  const { keys, state } = desired.data
  return state === 'whole' ? planApply(desired, { ...place, keys, force: true }) : wait
}

function planChange(desired: DesiredSecret, place: Place): SecretStep {
  const { stored } = place
  const claim = planClaim(stored)
  if (claim !== undefined) return claim
  const { keys, state } = desired.data
  if (state === 'reduced' && isUseless(desired)) return deletion(stored, 'emptied')
  if (state !== 'waiting') return planApply(desired, { ...place, keys, force: false })
  // What somebody has just renamed stays under its old name until the new one has a value.
  const before = [...stored.data].filter(([key]) => stored.applied.data.has(key))
  const all = new Map([...before, ...keys])
  const step = planApply(desired, { ...place, keys: all, force: false, areKeysKept: true })
  return step.kind === 'nothing' ? wait : step
}

const isUseless = ({ secret, data }: DesiredSecret): boolean =>
  data.keys.size === 0 || lackingKeys(secret.type, data.keys).length > 0

const deletion = ({ uid }: StoredSecret, reason: DeletionReason): SecretStep => ({
  kind: 'delete',
  uid,
  reason,
})

function foreign(stored: StoredSecret): AkvError {
  const owner = describeOwner(stored)
  const whose = owner === undefined ? '' : ` (it is of ${printable(owner)})`
  const place = isRecordName(stored.name) ? ', the place of the controller’s record,' : ''
  return new AkvError({
    code: 'AKV_SECRET_FOREIGN',
    message: `Secret ${stored.name}${place} is there and not this account's${whose}`,
  })
}
