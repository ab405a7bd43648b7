import { isObject, type JsonObject, objectAt } from '../../lib/shape.ts'
import { type HeldReason, isHeldReason } from './rollout-names.ts'

/** What the controller remembers about the pods of one account. All times are by the API server's clock, in milliseconds since 1970. */
export interface RolloutRecord {
  /** The beginning: no change at this time or before starts a roll-out. */
  readonly sinceMs: number
  /** By the name of the object. */
  readonly objects: ReadonlyMap<string, RecordedObject>
  /** By UID: those that were rolled out, or are held back. */
  readonly workloads: ReadonlyMap<string, RecordedWorkload>
}

/** A vault object, or a synced Secret. */
export interface RecordedObject {
  /** Empty for a synced Secret, of which only the time is known. */
  readonly version: string
  /** When its value became another one. Absent: it is the first that was seen. */
  readonly changedMs?: number | undefined
}

export interface RecordedWorkload {
  /** `Deployment/web` */
  readonly name: string
  /** Nothing that changed at this time or before starts a roll-out of it again. */
  readonly throughMs?: number | undefined
  /** The beginnings of its roll-outs in the last day. */
  readonly begunMs: readonly number[]
  /** The patch of its last roll-out may not have been made. Absent as soon as it is known that it was. */
  readonly patching?: UnansweredPatch | undefined
  /** Why it isn't rolled out, or not yet. */
  readonly held?: { readonly why: HeldReason; readonly sinceMs: number } | undefined
}

/** What tells whether a patch was made, and what is put back if it wasn't. */
interface UnansweredPatch {
  /** The workload's `metadata.generation` before the patch. */
  readonly generation: number
  /** {@link RecordedWorkload.throughMs} before. */
  readonly throughMs?: number | undefined
}

/** An object may have 256 KiB of annotations. This leaves room for the status of Secret sync and for what others write. */
export const maxRecordLength = 96 * 1024
const maxObjects = 1000
const maxWorkloads = 5000
const maxBegun = 100

/**
 * Reads a record. Whoever may write the account can write this text, so entries of another form are skipped.
 *
 * @returns undefined if it isn't a record
 */
export function readRolloutRecord(text: string | undefined): RolloutRecord | undefined {
  const whole = text === undefined || text.length > maxRecordLength ? undefined : parse(text)
  const sinceMs = timeIn(whole?.['since'])
  if (whole === undefined || sinceMs === undefined) return undefined
  const objects = entriesIn(whole, 'objects').slice(0, maxObjects)
  const workloads = entriesIn(whole, 'workloads').slice(0, maxWorkloads)
  return {
    sinceMs,
    objects: new Map(objects.flatMap(([name, entry]) => objectEntry(name, entry))),
    workloads: new Map(workloads.map(([uid, entry]) => [uid, workloadEntry(entry)])),
  }
}

function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const entriesIn = (whole: JsonObject, member: string): readonly (readonly [string, JsonObject])[] =>
  Object.entries(objectAt(whole, member)).flatMap(([key, entry]) =>
    isObject(entry) ? [[key, entry] as const] : [],
  )

function objectEntry(
  name: string,
  { version, changed }: JsonObject,
): readonly (readonly [string, RecordedObject])[] {
  if (typeof version !== 'string') return []
  const changedMs = timeIn(changed)
  return [[name, { version, ...(changedMs !== undefined && { changedMs }) }]]
}

function workloadEntry({ name, through, begun, patching, held }: JsonObject): RecordedWorkload {
  const throughMs = timeIn(through)
  const heldMs = isObject(held) ? timeIn(held['since']) : undefined
  const why = isObject(held) ? held['why'] : undefined
  const times = Array.isArray(begun) ? begun.slice(-maxBegun).map(timeIn) : []
  return {
    name: typeof name === 'string' ? name : '',
    ...(throughMs !== undefined && { throughMs }),
    begunMs: times.filter((ms) => ms !== undefined),
    ...(isObject(patching) && patchEntry(patching)),
    ...(heldMs !== undefined && isHeldReason(why) && { held: { why, sinceMs: heldMs } }),
  }
}

function patchEntry({ generation, through }: JsonObject): Pick<RecordedWorkload, 'patching'> {
  if (typeof generation !== 'number') return {}
  const throughMs = timeIn(through)
  return { patching: { generation, ...(throughMs !== undefined && { throughMs }) } }
}

function timeIn(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

/**
 * The text of a record. If it would be too long, the workloads whose last roll-out is the longest ago are left out, and the
 * beginning moves to the latest of what was remembered of them, so that nothing starts twice.
 */
export function recordText(record: RolloutRecord): string {
  const text = textOf(record)
  if (text.length <= maxRecordLength) return text
  const byAge = [...record.workloads].sort(
    ([, a], [, b]) => (a.throughMs ?? 0) - (b.throughMs ?? 0),
  )
  const dropped = byAge.splice(0, Math.ceil(byAge.length / 8))
  // Only objects are left, of which there is a bounded number.
  if (dropped.length === 0) return textOf({ ...record, objects: new Map() })
  const sinceMs = Math.max(record.sinceMs, ...dropped.map(([, { throughMs = 0 }]) => throughMs))
  return recordText({ ...record, sinceMs, workloads: new Map(byAge) })
}

function textOf({ sinceMs, objects, workloads }: RolloutRecord): string {
  return JSON.stringify({
    since: timeText(sinceMs),
    objects: Object.fromEntries(
      [...objects].map(([name, { version, changedMs }]) => [
        name,
        { version, changed: timeText(changedMs) },
      ]),
    ),
    workloads: Object.fromEntries(
      [...workloads].map(([uid, { name, throughMs, begunMs, patching, held }]) => [
        uid,
        {
          name,
          through: timeText(throughMs),
          begun: begunMs.map(timeText),
          patching: patching && {
            generation: patching.generation,
            through: timeText(patching.throughMs),
          },
          held: held && { why: held.why, since: timeText(held.sinceMs) },
        },
      ]),
    ),
  })
}

/** JSON leaves out what is undefined. */
const timeText = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString()
