import { isObject, type JsonObject, objectAt } from '../../../lib/shape.ts'
import type { Account } from '../../../requests/account/account.ts'
import { isWorkloadKind } from '../../../requests/annotations/on-change.ts'
import {
  type RolloutRecord,
  readRolloutRecord,
  recordText,
} from '../../../requests/rollouts/record.ts'
import { recordAnnotation } from '../../../requests/rollouts/rollout-names.ts'
import type { RolloutServices } from '../services/rollout-services.ts'
import { type RolledAccount, watchedMs } from './rolled-account.ts'
import { untilNow } from './until-now.ts'

interface NamedAccount {
  readonly namespace: string
  readonly name: string
}

/**
 * Reads an account with its record. An account without one begins now.
 *
 * @param before - what is known of it. It outweighs the record, which others can write, too
 * @returns undefined if the account doesn't exist
 */
export async function loadAccount(
  { namespace, name }: NamedAccount,
  before: RolledAccount | undefined,
  { cluster, clock, slots }: Pick<RolloutServices, 'cluster' | 'clock' | 'slots'>,
): Promise<RolledAccount | undefined> {
  const object = await cluster.readAccount(namespace, name)
  const account = object && readAccountObject(object)
  if (account === undefined) return undefined
  const found = account.annotations[recordAnnotation]
  const text = typeof found === 'string' ? found : undefined
  if (before?.account.uid === account.uid) {
    before.account = account
    before.writtenText = text
    return before
  }
  const nowMs = cluster.serverTimeMs()
  const record = untilNow(readRolloutRecord(text) ?? emptyRecord(nowMs), nowMs)
  const loaded: RolledAccount = {
    account,
    sinceMs: record.sinceMs,
    known: new Map(record.objects),
    recorded: new Map(record.workloads),
    writtenText: text,
    workloads: new Map(),
    running: runningIn(record, { namespace, nowMs, atMs: clock.now() }),
    ended: new Set(),
    tokens: new Map(),
    problems: [],
    listProblems: [],
    classProblems: [],
    owners: new Set(),
    nextListAtMs: 0,
    nextSearchAtMs: 0,
    nextReadAtMs: 0,
  }
  for (const uid of loaded.running.keys()) slots.adopt(uid, namespace)
  return loaded
}

const emptyRecord = (sinceMs: number): RolloutRecord => ({
  sinceMs,
  objects: new Map(),
  workloads: new Map(),
})

function readAccountObject(object: JsonObject): Account | undefined {
  const { namespace, name, uid, annotations } = objectAt(object, 'metadata')
  return typeof namespace === 'string' && typeof name === 'string' && typeof uid === 'string'
    ? { namespace, name, uid, annotations: isObject(annotations) ? annotations : {} }
    : undefined
}

/** The roll-outs that were begun before the controller started, and may still be under way, or may not have been patched. */
function runningIn(
  { workloads }: RolloutRecord,
  {
    namespace,
    nowMs,
    atMs,
  }: { readonly namespace: string; readonly nowMs: number; readonly atMs: number },
): RolledAccount['running'] {
  const running = [...workloads]
    .flatMap(([uid, { name: title, begunMs, patching }]) => {
      const [kind = '', name = ''] = title.split('/')
      const ageMs = nowMs - Math.max(0, ...begunMs)
      const isPatched = patching === undefined
      if (!isWorkloadKind(kind) || (isPatched && ageMs >= watchedMs)) return []
      return { uid, isPatched, ageMs, ref: { namespace, kind, name, uid } }
    })
    .sort((one, other) => +one.isPatched - +other.isPatched || one.ageMs - other.ageMs)
    .slice(0, maxRunning)
  return new Map(running.map(({ uid, ref, ageMs }) => [uid, { ref, beganAtMs: atMs - ageMs }]))
}

/** Each is read at each look, and whoever may annotate the account can make up many. Those that began earlier have ended, most likely. */
const maxRunning = 50

/** Writes the record of an account if it has changed. */
export async function saveRecord(
  rolled: RolledAccount,
  { cluster }: Pick<RolloutServices, 'cluster'>,
): Promise<void> {
  const { sinceMs, known, recorded } = rolled
  const text = recordText({ sinceMs, objects: known, workloads: recorded })
  if (text === rolled.writtenText) return
  await cluster.writeRecord(rolled.account, text)
  rolled.writtenText = text
}
