import { secretsInPage } from '../../delivery/contract.ts'
import { vaultError } from '../../keyvault/errors/classify.ts'
import type { ObjectReader } from '../../keyvault/readers/object-reader.ts'
import { secretPages } from '../../keyvault/readers/secret-pages.ts'
import { describeObject, type ObjectReference } from '../../keyvault/reference.ts'
import type { Clock } from '../../lib/clock.ts'
import { secretAnswer } from '../init-agent/harness/secret-answer.ts'
import { secretNames } from './pod-config.ts'
import { createSharedGate, type Stranger, type VaultLimit } from './vault-limit.ts'

/** What the vault answered in one second. */
export interface VaultSecond {
  served: number
  throttled: number
  failed: number
}

export interface VaultModelOptions {
  readonly limit: VaultLimit
  /** While it lasts, the vault answers every request with 503. */
  readonly outage?: { readonly fromMs: number; readonly untilMs: number }
  readonly stranger?: Stranger
  /** How long the vault refuses each pod, from its first request on. */
  readonly refusesPodsForMs?: number
  /** How many secrets it lists. */
  readonly secrets?: number
  readonly durationMs: number
}

/** One vault for all pods. It has every object, and counts its answers. */
export interface VaultModel {
  readonly seconds: readonly VaultSecond[]
  /** A reader that takes 30 to 80 ms for each answer. `onServed` is called with the name of each object. */
  reader(clock: Clock, onServed: (name: string) => void): ObjectReader
}

const version = '0123456789abcdef0123456789abcdef'

export function createVaultModel(options: VaultModelOptions): VaultModel {
  const { limit, outage, stranger, durationMs, refusesPodsForMs = 0 } = options
  const gate = createSharedGate(limit, stranger)
  const seconds = Array.from(
    { length: Math.ceil(durationMs / 1000) },
    (): VaultSecond => ({ served: 0, throttled: 0, failed: 0 }),
  )
  const listed = secretNames(options.secrets ?? 0).map((name) => ({ name, updatedOn: new Date(0) }))
  const pages = Array.from({ length: Math.ceil(listed.length / secretsInPage) }, (_, page) =>
    listed.slice(page * secretsInPage, (page + 1) * secretsInPage),
  )
  const answer = (reference: ObjectReference, nowMs: number, refusesUntilMs: number) => {
    const second = seconds[Math.floor(nowMs / 1000)]
    if (second === undefined) return
    if (outage !== undefined && nowMs >= outage.fromMs && nowMs < outage.untilMs) {
      second.failed++
      throw statusError(503, reference, undefined)
    }
    if (nowMs < refusesUntilMs || !gate(nowMs)) {
      second.throttled++
      throw statusError(429, reference, limit.retryAfterSeconds)
    }
    second.served++
  }
  return {
    seconds,
    reader(clock, onServed) {
      let firstAskedAtMs: number | undefined
      const ask = async (reference: ObjectReference) => {
        const wayMs = 15 + 25 * clock.random()
        await clock.sleep(wayMs)
        try {
          firstAskedAtMs ??= clock.now()
          answer(reference, clock.now(), firstAskedAtMs + refusesPodsForMs)
          onServed(reference.name)
        } finally {
          await clock.sleep(wayMs)
        }
      }
      async function* listPages(askForPage: () => Promise<void>) {
        for (const page of pages) {
          await askForPage()
          yield page
        }
      }
      return {
        async read(reference) {
          await ask(reference)
          return secretAnswer(JSON.stringify({ name: reference.name, user: 'u' }), { version })
        },
        async listVersions(reference) {
          await ask(reference)
          return []
        },
        secretPages: (name) =>
          secretPages(
            async () => listPages(() => ask({ vault: name, type: 'secret', name: 'list' })),
            (call) => call(),
          ),
      }
    },
  }
}

function statusError(
  status: number,
  reference: ObjectReference,
  retryAfterSeconds: number | undefined,
) {
  const retryAfterMs = retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000
  const object = describeObject(reference)
  return vaultError(
    { kind: 'status', status, body: '', retryAfterMs },
    { object, vault: reference.vault, principal: 'client c' },
  )
}
