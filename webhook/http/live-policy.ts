import { readFile } from 'node:fs/promises'
import type { FastifyBaseLogger } from 'fastify'
import { systemClock } from '../../lib/clock.ts'
import type { TokenProxySettings } from '../../lib/identity-binding/token-proxy.ts'
import { watchTokenProxy } from '../../lib/identity-binding/watch-token-proxy.ts'
import { excessiveDefaults } from '../../requests/administrator/defaults/namespace-policy.ts'
import { parseTeamDefaults } from '../../requests/administrator/defaults/team-defaults.ts'
import type { Policy } from '../../requests/administrator/policy.ts'
import type { Settings } from '../../requests/administrator/settings/read-settings.ts'
import { followFiles } from './certificate/follow-files.ts'
import type { Metrics } from './server/metrics.ts'

interface FollowPolicyOptions {
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>
  readonly metrics: Pick<Metrics, 'countReloadFailure'>
  /** How often the file of defaults is checked. */
  readonly intervalMs: number
}

/** The administrator's policy, with what is known now of the token proxy and of the defaults of namespaces. */
export class LivePolicy {
  readonly #settings: Settings
  readonly #end = new AbortController()
  #current: Policy
  #stopFile = () => {}

  constructor(settings: Settings) {
    this.#settings = settings
    this.#current = settings.policy
  }

  current(): Policy {
    return this.#current
  }

  /** Follows what can change until `stop`. Resolves after the first check of the file of defaults. */
  async follow(options: FollowPolicyOptions): Promise<void> {
    const { tokenProxy, defaultsFile } = this.#settings
    if (tokenProxy !== undefined) this.#followTokenProxy(tokenProxy, options)
    if (defaultsFile !== undefined) await this.#followDefaults(defaultsFile, options)
  }

  #followTokenProxy(settings: TokenProxySettings, { log }: FollowPolicyOptions): void {
    void watchTokenProxy({
      settings,
      onChange: (tokenProxy) => {
        this.#current = { ...this.#current, tokenProxy }
      },
      clock: systemClock,
      log: {
        info: (message, details) => log.info({ ...details }, message),
        warn: (message, details) => log.warn({ ...details }, message),
      },
      signal: this.#end.signal,
    })
  }

  /** A file that can't be used is reported once, and the defaults in use stay. */
  async #followDefaults(file: string, options: FollowPolicyOptions): Promise<void> {
    const { log, metrics, intervalMs } = options
    this.#stopFile = await followFiles({
      intervalMs,
      read: () => readFile(file, 'utf8'),
      load: (text) => {
        const parsed = parseTeamDefaults(text)
        if (parsed.kind === 'invalid') throw new Error(parsed.problems.join('; '))
        const next = { ...this.#current, teamDefaults: parsed.value }
        const excesses = excessiveDefaults(next)
        if (excesses.length > 0) throw new Error(excesses.join('; '))
        this.#current = next
        log.info({ namespaces: parsed.value.size }, 'defaults of namespaces loaded')
      },
      report: (reason) => {
        metrics.countReloadFailure()
        log.error(
          { file, reason },
          "the defaults of namespaces can't be used, so earlier ones stay",
        )
      },
    })
  }

  stop(): void {
    this.#end.abort()
    this.#stopFile()
  }
}
