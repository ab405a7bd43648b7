import type { FastifyBaseLogger } from 'fastify'
import { systemClock } from '../../lib/clock.ts'
import { watchTokenProxy } from '../../lib/identity-binding/watch-token-proxy.ts'
import type { Settings } from '../../requests/administrator/settings/read-settings.ts'

/** The administrator's policy, with what is known of the token proxy now. */
export function livePolicy({ policy, tokenProxy: settings }: Settings) {
  const end = new AbortController()
  let current = policy
  return {
    current: () => current,
    /** Looks for the token proxy until `stop`, if identity bindings are turned on. */
    follow(log: Pick<FastifyBaseLogger, 'info' | 'warn'>): void {
      if (settings === undefined) return
      void watchTokenProxy({
        settings,
        onChange: (tokenProxy) => {
          current = { ...policy, tokenProxy }
        },
        clock: systemClock,
        log: {
          info: (message, details) => log.info({ ...details }, message),
          warn: (message, details) => log.warn({ ...details }, message),
        },
        signal: end.signal,
      })
    },
    stop: () => end.abort(),
  }
}
