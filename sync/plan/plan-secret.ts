import { AkvError } from '../../lib/errors/akv-error.ts'
import { printable } from '../../lib/printable.ts'
import type { Account, WantedSecret } from '../request/read-account.ts'
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
  readonly wish?: SecretWish | undefined
  /** Absent: there is no Secret of that name. */
  readonly stored?: StoredSecret | undefined
}

export interface SecretWish {
  readonly secret: WantedSecret
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
export function planSecret({ account, wish, stored }: SecretSituation): SecretStep {
  if (stored === undefined) return wish === undefined ? nothing : planCreation(wish, account)
  if (stored.isBeingDeleted) return wish === undefined ? nothing : wait

  const ownership = ownershipOf(stored, account)
  if (wish === undefined)
    return ownership === 'ours' || ownership === 'former' ? deletion(stored, 'unwanted') : nothing
  switch (ownership) {
    case 'ours':
      return planChange(wish, { account, stored })
    case 'former':
      return planRenewal(wish, { account, stored })
    case 'offered':
      return planAdoption(wish, { account, stored })
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
  { secret, data, objects }: SecretWish,
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
function planRenewal(wish: SecretWish, { account, stored }: Place): SecretStep {
  const creation = planCreation(wish, account)
  return creation.kind === 'create' ? deletion(stored, 'renewed') : creation
}

function planAdoption(wish: SecretWish, place: Place): SecretStep {
  const { keys, state } = wish.data
  return state === 'whole' ? planApply(wish, { ...place, keys, force: true }) : wait
}

function planChange(wish: SecretWish, place: Place): SecretStep {
  const { stored } = place
  const claim = planClaim(stored)
  if (claim !== undefined) return claim
  const { keys, state } = wish.data
  if (state === 'reduced' && isUseless(wish)) return deletion(stored, 'emptied')
  if (state !== 'waiting') return planApply(wish, { ...place, keys, force: false })
  // What somebody has just renamed stays under its old name until the new one has a value.
  const before = [...stored.data].filter(([key]) => stored.applied.data.has(key))
  const all = new Map([...before, ...keys])
  const step = planApply(wish, { ...place, keys: all, force: false, areKeysKept: true })
  return step.kind === 'nothing' ? wait : step
}

const isUseless = ({ secret, data }: SecretWish): boolean =>
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
