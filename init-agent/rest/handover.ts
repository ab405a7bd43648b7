import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import type { ObjectDates } from '../../keyvault/clients/object-client.ts'
import type { VaultToken } from '../../keyvault/entra/sign-in.ts'
import { checkBootTime, type HandedTime, checkTime as time } from '../../lib/handed-time.ts'
import type { VaultLatency } from '../../lib/metrics/vault-latency.ts'
import {
  type Check,
  listOf,
  mapOf,
  matches,
  number,
  object,
  oneOf,
  optional,
  string,
} from '../../lib/shape.ts'

/** What a form of the agent leaves to the next one. The values themselves are in the volumes. */
export interface Handover {
  /** When the files in place were last known to match the vault. */
  readonly goodAt: HandedTime
  /** The token for the vaults, so that the next form needn't sign in. */
  readonly token?: VaultToken
  /** The dates of the objects in place, for metrics, by `objectKey`. */
  readonly dates?: Readonly<Record<string, ObjectDates>>
  /** How long requests to vaults have taken, for metrics. */
  readonly latencies?: readonly VaultLatency[]
}

/** Standard input, which the agent doesn't read: `process.execve` leaves only the first three descriptors open. */
const descriptor = 0

/** Far more than a token and the dates of all objects take. */
const maxBytes = 1024 * 1024

/** From Linux' uapi/linux/magic.h and uapi/asm-generic/fcntl.h. Node doesn't name them. */
const tmpfsType = 0x01021994
const unnamedFile = 0o20200000

/**
 * Writes the handover to a file in memory that has no name, and makes it the process's standard input. The app mounts the
 * same volume, and may run as the same user, but nobody can open what has no name. What can open it through
 * `/proc/PID/fd` can read the memory of the process as well. An environment or an argument would be readable for more.
 *
 * @param folder - of one of the agent's volumes
 * @returns false if this isn't possible; then nothing has changed but that standard input may be closed
 */
export function leaveHandover(folder: string, handover: Handover): boolean {
  try {
    if (statfsSync(folder).type !== tmpfsType) return false
    closeSync(descriptor)
    const flags = unnamedFile | constants.O_RDWR | constants.O_EXCL
    const opened = openSync(folder, flags, 0o600)
    if (opened === descriptor) {
      // Written at a position, so that the next form reads from the start.
      writeSync(opened, JSON.stringify(toWritten(handover)), 0)
      return true
    }
    // Another thread has taken the free number.
    closeSync(opened)
    return false
  } catch {
    return false
  }
}

/**
 * Reads what the form before has left, and frees it.
 *
 * @returns undefined if standard input isn't a handover; then this form starts as after a restart
 */
export function takeHandover(): Handover | undefined {
  try {
    const { nlink, size } = fstatSync(descriptor)
    if (nlink !== 0 || size > maxBytes) return undefined
    const handover: unknown = JSON.parse(readFileSync(descriptor, 'utf8'))
    closeSync(descriptor)
    openSync('/dev/null', 'r')
    return matches(shape, handover) ? fromWritten(handover) : undefined
  } catch {
    return undefined
  }
}

/** The form in which it is written. Versions before boot time was handed over know only `goodAtMs`, which is wall time. */
interface WrittenHandover extends Omit<Handover, 'goodAt'> {
  readonly goodAtMs: number
  readonly goodSinceBoot?: HandedTime['boot']
}

const toWritten = ({ goodAt: { wallMs, boot }, ...others }: Handover): WrittenHandover => ({
  goodAtMs: wallMs,
  ...(boot && { goodSinceBoot: boot }),
  ...others,
})

const fromWritten = ({ goodAtMs, goodSinceBoot: boot, ...others }: WrittenHandover): Handover => ({
  goodAt: { wallMs: goodAtMs, ...(boot && { boot }) },
  ...others,
})

const dates = object({ createdAtMs: optional(time), expiresAtMs: optional(time) })
const latency = object({
  vault: string(),
  outcome: oneOf(['ok', 'failed']),
  counts: listOf(number()),
  seconds: number(),
})
const shape: Check<WrittenHandover> = object({
  goodAtMs: time,
  goodSinceBoot: optional(checkBootTime),
  token: optional(object({ value: string(), expiresAtMs: time })),
  dates: optional(mapOf(dates)),
  latencies: optional(listOf(latency)),
})
