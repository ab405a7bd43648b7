import type { Clock } from '../../lib/clock.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import { BackOff } from './back-off.ts'
import type { ObjectReader } from './object-reader.ts'
import { isOutageCode } from './outage-codes.ts'
import { wrapReader } from './wrap-reader.ts'

/** A vault that hasn't throttled for this long after a pause isn't treated differently any more. */
const forgetAfterMs = 60_000

/** After a 429, requests go one at a time. One more goes side by side each time this many were answered. */
const answersPerSlot = 10

interface VaultState {
  pausedUntilMs: number
  /** What the vault answered when the pause began. */
  reason: AkvError['code']
  /** Says how long to pause. It forgets, as the whole state does. */
  backOff: BackOff
  /** Whether requests go one at a time, because the vault has throttled recently. */
  isRecovering: boolean
  /** How many requests may be in flight. */
  slots: number
  inFlight: number
  /** When the last request ended. */
  idleSinceMs: number
  /** Since the last pause. */
  answers: number
  readonly waiting: PromiseWithResolvers<void>[]
}

type PauseClock = Pick<Clock, 'now' | 'random'>

/**
 * Knows which vaults are paused, and how many requests each may get at a time.
 *
 * A vault's limit counts all requests, whatever object they are for. So one 429 pauses every request to that vault, for as
 * long as {@link BackOff} says. A 503 with a `Retry-After` pauses the vault for just that time.
 *
 * The first request to a vault goes alone. It costs one round trip, but a pod that starts while the vault is throttling
 * causes one 429 and not ten.
 */
export class VaultPauses {
  readonly #clock: PauseClock
  readonly #vaults = new Map<string, VaultState>()
  readonly #ownErrors = new WeakSet<AkvError>()

  constructor(clock: PauseClock) {
    this.#clock = clock
  }

  /** @throws AkvError with the rest of the pause, while the vault is paused */
  check(vault: string): void {
    const state = this.#vaults.get(vault)
    const retryAfterMs = (state?.pausedUntilMs ?? 0) - this.#clock.now()
    if (state === undefined || retryAfterMs <= 0) return
    const cause = state.reason === 'AKV_THROTTLED' ? 'is throttling' : 'is failing'
    const message = `vault ${vault} ${cause}; it is not asked again before its pause is over`
    const error = new AkvError(state.reason, message, { retryAfterMs })
    this.#ownErrors.add(error)
    throw error
  }

  /**
   * Sends a request as soon as the vault may get one. It waits for other requests only while the vault hasn't answered
   * yet, or has throttled recently. If the vault doesn't serve one of those, the waiting ones fail with the same code.
   *
   * @throws AkvError with the rest of the pause, if the vault is paused or answered with a 429; also whatever `send`
   *   throws
   */
  async request<T>(vault: string, send: () => Promise<T>): Promise<T> {
    const state = await this.#takeSlot(vault)
    try {
      const answer = await send()
      recordAnswer(state)
      return answer
    } catch (error) {
      // The vault didn't send our own refusals, so they must not extend the pause.
      if (!(error instanceof AkvError) || this.#ownErrors.has(error)) throw error
      throw recordError(state, error, this.#clock)
    } finally {
      state.inFlight--
      state.idleSinceMs = this.#clock.now()
      wakeAll(state)
    }
  }

  async #takeSlot(vault: string): Promise<VaultState> {
    for (;;) {
      this.check(vault)
      const state = this.#stateOf(vault)
      endRecovery(state, this.#clock)
      if (state.inFlight < state.slots) {
        state.inFlight++
        return state
      }
      const turn = Promise.withResolvers<void>()
      state.waiting.push(turn)
      await turn.promise
    }
  }

  #stateOf(vault: string): VaultState {
    const found = this.#vaults.get(vault)
    if (found !== undefined) return found
    // Callers can ask for any number of vaults, so keep only those that were asked recently.
    for (const [name, state] of this.#vaults)
      if (isForgotten(state, this.#clock)) this.#vaults.delete(name)
    const state = untestedVault(this.#clock)
    this.#vaults.set(vault, state)
    return state
  }
}

const untestedVault = (clock: PauseClock): VaultState => ({
  pausedUntilMs: 0,
  reason: 'AKV_THROTTLED',
  backOff: new BackOff(clock),
  isRecovering: false,
  slots: 1,
  inFlight: 0,
  idleSinceMs: 0,
  answers: 0,
  waiting: [],
})

const isForgotten = ({ inFlight, waiting, ...state }: VaultState, clock: PauseClock): boolean =>
  inFlight === 0 &&
  waiting.length === 0 &&
  Math.max(state.idleSinceMs, state.pausedUntilMs) + forgetAfterMs <= clock.now()

/** Opens a vault that has answered for long enough without throttling. */
function endRecovery(state: VaultState, clock: PauseClock): void {
  if (!state.isRecovering || state.pausedUntilMs + forgetAfterMs > clock.now()) return
  state.backOff = new BackOff(clock)
  state.isRecovering = false
  state.slots = Number.POSITIVE_INFINITY
}

function recordAnswer(state: VaultState): void {
  state.answers++
  state.backOff.recordAnswer()
  if (!state.isRecovering) state.slots = Number.POSITIVE_INFINITY
  else if (state.answers % answersPerSlot === 0) state.slots++
}

/** Returns the error to throw. If the vault is paused now, the error says how long the pause still lasts. */
function recordError(state: VaultState, error: AkvError, clock: PauseClock): AkvError {
  const { code, message, retryAfterMs = 0, azureIds } = error
  if (code === 'AKV_THROTTLED' || (code === 'AKV_VAULT_UNAVAILABLE' && retryAfterMs > 0)) {
    startPause(state, error, clock)
    const restMs = state.pausedUntilMs - clock.now()
    return new AkvError(code, message, { retryAfterMs: restMs, azureIds })
  }
  // A failed sign-in says nothing about the vault.
  if (code === 'AKV_ENTRA_UNAVAILABLE') return error
  if (isOutageCode(code)) refuseWaiting(state, error)
  else recordAnswer(state)
  return error
}

/**
 * One by one, the requests would wait too long for their timeouts. The message names no object, because the requests may
 * belong to different accounts.
 */
function refuseWaiting({ waiting }: VaultState, { code }: AkvError): void {
  const message = 'not requested, because the vault did not serve the request before'
  for (const { reject } of waiting.splice(0)) reject(new AkvError(code, message))
}

function startPause(
  state: VaultState,
  { code, retryAfterMs = 0 }: AkvError,
  clock: PauseClock,
): void {
  const nowMs = clock.now()
  const extendTo = (endMs: number) => {
    if (endMs <= state.pausedUntilMs) return
    state.pausedUntilMs = endMs
    state.reason = code
  }
  // Requests that were in flight together are all refused, but they are one pause.
  if (state.pausedUntilMs <= nowMs) {
    state.slots = 1
    state.answers = 0
    if (code === 'AKV_THROTTLED') {
      state.isRecovering = true
      extendTo(state.backOff.recordRefusal(retryAfterMs))
    }
  }
  extendTo(nowMs + retryAfterMs)
}

/** Wakes every waiting request. One that gets no slot waits again, in the same order; one that isn't woken might wait forever. */
function wakeAll({ waiting }: VaultState): void {
  for (const { resolve } of waiting.splice(0)) resolve()
}

/** Returns a reader that sends no requests to a paused vault, and pauses each vault that answers with a 429. */
export function pauseThrottledVaults(reader: ObjectReader, pauses: VaultPauses): ObjectReader {
  return wrapReader(reader, ({ vault }, request) => pauses.request(vault, request))
}
