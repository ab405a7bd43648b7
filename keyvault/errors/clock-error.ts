import { countOf } from '../../lib/count-of.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import type { KnownTimes } from '../clients/server-time.ts'

/** Entra and the API server tolerate as much. */
const toleratedMs = 5 * 60_000

/** OpenSSL's codes for a certificate that our clock says isn't valid now, and which way the clock must be wrong for that. */
const timeCodes: ReadonlyMap<string, { readonly is: string; readonly by: 'behind' | 'ahead' }> =
  new Map([
    ['CERT_NOT_YET_VALID', { is: 'is not valid yet', by: 'behind' }],
    ['CERT_HAS_EXPIRED', { is: 'has expired', by: 'ahead' }],
  ])

/**
 * The error for a certificate that isn't valid now, if the code says so. Without an answer to compare our clock with, the token
 * that the API server issued may show that it is wrong. Otherwise the certificate may be the cause as well.
 */
export function certificateTimeError(
  code: string,
  { host, times }: { readonly host: string; readonly times: KnownTimes | undefined },
): AkvError | undefined {
  const found = timeCodes.get(code)
  if (found === undefined || times === undefined) return undefined
  const sentence = `the certificate of ${host} ${found.is} by the clock of this machine`
  const wrong = clockProblem(times)
  return wrong?.by === found.by
    ? new AkvError('AKV_CLOCK', `${sentence}, which is ${wrong.sentence} (${code})`)
    : new AkvError(
        'AKV_TLS_UNTRUSTED',
        `${sentence}, which says ${timeText(times.wallMs)} (${code})`,
      )
}

/** What is known of why Entra finds a token expired. Our clock is the cause if it is wrong: the kubelet renews the token by it. */
export function expiredTokenError(times: KnownTimes): {
  readonly code: 'AKV_ASSERTION_EXPIRED' | 'AKV_CLOCK'
  /** Goes on after a sentence. May be empty. */
  readonly sentence: string
} {
  const wrong = clockProblem(times)
  const sentence = tokenTimeSentence(times)
  return wrong === undefined
    ? { code: 'AKV_ASSERTION_EXPIRED', sentence }
    : { code: 'AKV_CLOCK', sentence: `${sentence}; the clock of this machine is ${wrong.sentence}` }
}

function tokenTimeSentence({ serverMs, token }: KnownTimes): string {
  if (serverMs === undefined || token === undefined) return ''
  const { issuedAtMs = serverMs, expiresAtMs = serverMs } = token
  if (issuedAtMs - serverMs >= toleratedMs)
    return `; the API server, which issued the token, has a clock that is ${duration(issuedAtMs - serverMs)} ahead of Entra's`
  return expiresAtMs < serverMs
    ? `; by Entra's clock, the token expired ${duration(serverMs - expiresAtMs)} ago`
    : ''
}

interface ClockProblem {
  readonly by: 'behind' | 'ahead'
  /** Completes "the clock is …". */
  readonly sentence: string
}

/** How our clock is wrong, by the best witness that there is. Undefined if it isn't known to be wrong. */
function clockProblem({ wallMs, serverMs, token = {} }: KnownTimes): ClockProblem | undefined {
  if (serverMs !== undefined) {
    const aheadMs = wallMs - serverMs
    if (Math.abs(aheadMs) < toleratedMs) return undefined
    const by = aheadMs > 0 ? 'ahead' : 'behind'
    const of = by === 'ahead' ? 'ahead of' : 'behind'
    return { by, sentence: `${duration(Math.abs(aheadMs))} ${of} the time in Azure's last answer` }
  }
  const { issuedAtMs = wallMs, expiresAtMs = wallMs } = token
  if (issuedAtMs - wallMs >= toleratedMs)
    return {
      by: 'behind',
      sentence: `at least ${duration(issuedAtMs - wallMs)} behind the API server's, which issued the service account token`,
    }
  return wallMs - expiresAtMs >= toleratedMs
    ? {
        by: 'ahead',
        sentence: `at least ${duration(wallMs - expiresAtMs)} past the expiry of the service account token, which the kubelet renews in time`,
      }
    : undefined
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** `Date` counts whole seconds. */
const slackMs = 1_000

/** `3 hours`: rounded down, in the largest unit of which there are at least two. */
function duration(ms: number): string {
  const [unit, unitMs] =
    units.find(([, unitMs]) => ms + slackMs >= 2 * unitMs) ?? (['minute', 60_000] as const)
  return countOf(Math.floor((ms + slackMs) / unitMs), unit)
}

/** `2026-11-29 07:00 UTC` */
const timeText = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
