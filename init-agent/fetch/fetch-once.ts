import type { AgentConfig } from '../../delivery/contract.ts'
import { attended } from '../../delivery/projection/deadline.ts'
import type { Content } from '../../delivery/projection/project-content.ts'
import { type Credential, openSession } from '../../delivery/session/session.ts'
import { type Clock, systemClock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log/log.ts'
import { checkTargets } from './check-targets.ts'
import { fetchContent } from './first-fetch.ts'

interface FetchOnceOptions {
  readonly config: AgentConfig
  readonly credential: Credential
  /** Where the proxy, and with a token file the identity, are read from. */
  readonly env: Readonly<NodeJS.ProcessEnv>
  readonly log: Log
  readonly signal: AbortSignal
  readonly clock?: Clock
}

/**
 * Fetches what an agent with this configuration would write first, without a pod: for `akv-injector fetch` on a laptop.
 * `openVolumes` writes it as a pod sees it.
 *
 * @throws AkvError if the agent's first fetch would fail
 */
export async function fetchOnce(options: FetchOnceOptions): Promise<Content> {
  const { credential, env, log, signal, clock = systemClock } = options
  const config = attended(options.config)
  checkTargets(config)
  const session = openSession({ config, credential, env, clock, program: 'fetch' })
  const { content } = await fetchContent({ config, session, clock, log, signal })
  return content
}
