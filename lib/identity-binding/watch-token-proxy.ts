import { readFileSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import type { Log } from '../log/log.ts'
import { reasonOf } from '../reason-of.ts'
import { parseCa } from '../values/parse-ca.ts'
import { findServerName } from './find-server-name.ts'
import type { TokenProxySettings, TokenProxyState } from './token-proxy.ts'

/** The kubelet writes a new CA to a mounted ConfigMap within two minutes. */
const pauseMs = 60_000
const firstRetryMs = 2_000

interface WatchTokenProxyOptions {
  readonly settings: TokenProxySettings
  /** Called with each change. */
  readonly onChange: (state: TokenProxyState) => void
  readonly clock: Pick<Clock, 'sleep'>
  readonly log: Pick<Log, 'info' | 'warn'>
  readonly signal: AbortSignal
  readonly find?: typeof findServerName
}

/**
 * Finds the token proxy's server name, until it succeeds, and again whenever the file of the cluster's authorities changes.
 * What was found stays valid while the file can't be read.
 */
export async function watchTokenProxy(options: WatchTokenProxyOptions): Promise<void> {
  const { settings, onChange, clock, log, signal, find = findServerName } = options
  let known: string | undefined
  let reported: string | undefined
  let retryMs = firstRetryMs
  while (!signal.aborted) {
    try {
      const ca = readCa(settings.caFile)
      if (ca !== known) {
        const { url } = settings
        const serverName = settings.serverName ?? (await find({ url, ca }, signal))
        onChange({ kind: 'known', proxy: { url, serverName, ca } })
        log.info('identity bindings can be used', { url, serverName })
        known = ca
      }
      reported = undefined
      retryMs = firstRetryMs
      await clock.sleep(pauseMs, signal)
    } catch (error) {
      if (signal.aborted) return
      const reason = reasonOf(error)
      if (known === undefined) onChange({ kind: 'unknown', reason })
      if (reason !== reported) log.warn('identity bindings cannot be used', { reason })
      reported = reason
      await clock.sleep(retryMs, signal)
      retryMs = Math.min(retryMs * 2, pauseMs)
    }
  }
}

function readCa(file: string): string {
  const parsed = parseCa(readFileSync(file, 'utf8'))
  if (parsed.kind === 'valid') return parsed.value
  throw new Error(`${file}: ${parsed.problem}`)
}
