import { AkvError } from '../../lib/errors/akv-error.ts'
import { printable } from '../../lib/printable.ts'
import type { AccountId } from '../../requests/account/account.ts'
import { isRecordName } from '../../requests/account/record-name.ts'
import { lackingKeys } from '../../requests/secret/secret-types.ts'
import type { DesiredSecret } from './desired-secret.ts'
import { describeOwner, ownershipOf } from './ownership.ts'
import { planApply } from './plan-apply.ts'
import { planClaim } from './plan-claim.ts'
import { secretManifest } from './secret-manifest.ts'
import { secretObstacle } from './secret-obstacle.ts'
import type { DeletionReason, SecretStep } from './secret-step.ts'
import type { StoredSecret } from './stored-secret.ts'

interface SecretSituation {
  readonly account: AccountId
  /** Absent if the account no longer requests the Secret. */
  readonly desired?: DesiredSecret | undefined
  /** Absent if no Secret of that name exists. */
  readonly stored?: StoredSecret | undefined
  /** By the API server's clock: when its values change, if they do. Absent: this isn't written down. */
  readonly nowMs?: number | undefined
}

const nothing: SecretStep = { kind: 'nothing' }
const wait: SecretStep = { kind: 'wait' }

/**
 * Decides the next step for one Secret. Never touches a Secret that isn't the account's, unless it was handed over; never
 * creates one that lacks a required key; never plans a write that changes nothing.
 */
export function planSecret({ account, desired, stored, nowMs }: SecretSituation): SecretStep {
  if (desired?.data.error !== undefined) return { kind: 'blocked', error: desired.data.error }
  if (desired?.data.state === 'unfound') return nothing
  const isUnwanted = desired === undefined || desired.data.state === 'emptied'
  if (stored === undefined) return isUnwanted ? nothing : planCreation(desired, account)
  if (stored.isBeingDeleted) return isUnwanted ? nothing : wait
  const ownership = ownershipOf(stored, account)
  if (desired === undefined)
    return ownership === 'ours' || ownership === 'former' ? deletion(stored, 'unwanted') : nothing
  switch (ownership) {
    case 'ours':
      return planChange(desired, { account, stored, nowMs })
    case 'former':
      return planRenewal(desired, { account, stored, nowMs })
    case 'offered':
      return planAdoption(desired, { account, stored, nowMs })
    case 'foreign':
      return { kind: 'blocked', error: foreign(stored) }
    default:
      return ownership satisfies never
  }
}

interface Existing {
  readonly account: AccountId
  readonly stored: StoredSecret
  readonly nowMs?: number | undefined
}

function planCreation({ secret, data, objects }: DesiredSecret, account: AccountId): SecretStep {
  const { keys, state } = data
  if (state !== 'whole') return wait
  const error = secretObstacle(secret, { keys })
  return error === undefined
    ? { kind: 'create', secret: secretManifest({ account, secret, keys, objects }) }
    : { kind: 'blocked', error }
}

/**
 * The garbage collector is about to delete the Secret, because its owner is gone. Deletes it first, but only once there is
 * a complete one to replace it.
 */
function planRenewal(desired: DesiredSecret, existing: Existing): SecretStep {
  const { account, stored } = existing
  if (desired.data.state === 'held') return planKeeping(desired, existing)
  const creation = planCreation(desired, account)
  return creation.kind === 'create' ? deletion(stored, 'renewed') : creation
}

/** Makes a Secret ours without changing its data: a Secret that is made once may hold values that the vault no longer has. */
const planKeeping = (desired: DesiredSecret, existing: Existing): SecretStep =>
  planApply(desired, { ...existing, keys: existing.stored.data, force: true, areKeysKept: true })

function planAdoption(desired: DesiredSecret, existing: Existing): SecretStep {
  const { keys, state } = desired.data
  if (state === 'held') return planKeeping(desired, existing)
  if (state === 'emptied') return nothing
  return state === 'whole' ? planApply(desired, { ...existing, keys, force: true }) : wait
}

function planChange(desired: DesiredSecret, existing: Existing): SecretStep {
  const { stored } = existing
  const claim = planClaim(stored)
  if (claim !== undefined) return claim
  const { keys, state } = desired.data
  if (state === 'held') return nothing
  if (state === 'reduced' && isUseless(desired)) return deletion(stored, 'emptied')
  if (state === 'emptied' && hasOnlyOurKeys(stored)) return deletion(stored, 'emptied')
  if (state !== 'waiting') return planApply(desired, { ...existing, keys, force: false })
  // Our keys whose entries were removed stay until all other keys have values, because an entry may only have been
  // renamed.
  const owned = [...stored.data].filter(([key]) => stored.applied.data.has(key))
  const all = new Map([...owned, ...keys])
  const step = planApply(desired, { ...existing, keys: all, force: false, areKeysKept: true })
  return step.kind === 'nothing' ? wait : step
}

/** A key that somebody else has written isn't ours to delete. */
const hasOnlyOurKeys = ({ data, applied }: StoredSecret): boolean =>
  [...data.keys()].every((key) => applied.data.has(key))

const isUseless = ({ secret, data }: DesiredSecret): boolean =>
  data.keys.size === 0 || lackingKeys(secret.type, data.keys).length > 0

const deletion = ({ uid }: StoredSecret, reason: DeletionReason): SecretStep => ({
  kind: 'delete',
  uid,
  reason,
})

function foreign(stored: StoredSecret): AkvError {
  const owner = describeOwner(stored)
  const whose = owner === undefined ? '' : ` (it belongs to ${printable(owner)})`
  const use = isRecordName(stored.name) ? ', which the controller needs for its record,' : ''
  return new AkvError(
    'AKV_SECRET_FOREIGN',
    `Secret ${stored.name}${use} already exists and doesn't belong to this account${whose}`,
  )
}
