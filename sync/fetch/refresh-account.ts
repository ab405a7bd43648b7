import { destinationKey } from '../../delivery/destination.ts'
import { refreshableObjects } from '../../delivery/projection/due-objects.ts'
import { unknownStatus } from '../../delivery/projection/object-status.ts'
import { noContent } from '../../delivery/projection/project-content.ts'
import {
  type RefreshState,
  refreshContent,
  startState,
} from '../../delivery/projection/refresh-content.ts'
import type { Session } from '../../delivery/session/session.ts'
import { type FoundByFind, nothingFound } from '../../keyvault/finds/find-result.ts'
import { renewRefusedToken } from '../../keyvault/readers/renew-refused-token.ts'
import type { Clock } from '../../lib/clock.ts'
import type { CpuBudget } from '../../lib/cpu-budget.ts'
import type { Log } from '../../lib/log/log.ts'
import type { Account } from '../../requests/account/account.ts'
import type { SyncRequest } from '../../requests/account/account-request.ts'
import { maxProperties } from '../../requests/secret/secret-bounds.ts'
import { type SecretFind, secretFindKey } from '../../requests/secret/secret-find.ts'
import type { SyncCluster } from '../cluster/cluster-port.ts'
import type { SecretTurns } from '../plan/secret-turn.ts'
import type { StoredSecret } from '../plan/stored-secret.ts'
import type { AccountValues } from './account-values.ts'
import { expandConfig, foundInSecrets, withoutRemoved } from './find/expand-finds.ts'
import { findSecrets } from './find/find-secrets.ts'
import { nextValues } from './next-values.ts'
import { objectsToAsk } from './objects-to-ask.ts'
import { seedContent } from './seed-content.ts'
import { skipUnresponsiveVaults } from './skip-unresponsive-vaults.ts'

interface RefreshedAccount {
  readonly values: AccountValues
  /** The Secrets that were read on the way, by name; undefined for those that don't exist. */
  readonly found: ReadonlyMap<string, StoredSecret | undefined>
}

interface FetchServices {
  readonly cluster: Pick<SyncCluster, 'readSecret'>
  readonly clock: Clock
}

interface RefreshAccountOptions {
  readonly account: Account
  readonly request: Pick<SyncRequest, 'config' | 'secrets'>
  readonly session: Session
  /** The values that the last round kept. */
  readonly before: AccountValues | undefined
  /** What is done for each Secret in this round. */
  readonly turns: SecretTurns
  /** How much memory the values may take between rounds. */
  readonly maxKeptBytes: number
  /** For converting the values. */
  readonly budget: CpuBudget
  readonly log: Log
  readonly signal: AbortSignal
}

/**
 * Fetches the values for the Secrets of an account. What can't be fetched keeps its last value, which after a restart is
 * the one in the Secret.
 */
export async function refreshAccount(
  options: RefreshAccountOptions,
  { cluster, clock }: FetchServices,
): Promise<RefreshedAccount> {
  const { request, before, turns, session, maxKeptBytes, budget, log, signal } = options
  const reader = skipUnresponsiveVaults(session.reader, clock)
  const { content, found } = await seedContent(options, cluster)
  const { finds = [], onDeleted } = request.config
  const findings = await findSecrets({
    finds,
    isDue: (find) => isFindDue(find, { turns, findings: before?.findings }),
    before: foundInSecrets(finds, { findings: before?.findings ?? nothingFound, content }),
    isKept: (to) =>
      to.kind === 'key' && onDeleted === 'keep' && content.files.has(destinationKey(to)),
    reader: renewRefusedToken({ ...session, reader }),
    ...{ budget, clock, signal },
  })
  const config = expandConfig(request.config, findings)
  const state = before ? { ...before.refresh, content } : startState(config, { content })
  // Values read from Secrets don't count as fetched, because somebody may have edited them.
  const refreshable = refreshableObjects(config, { ...state, content: noContent })
  // Values that are too large aren't kept, and a retry of something else doesn't fetch them again.
  const isDropped = (secret: string) =>
    turns.get(secret)?.kind !== 'fetch' && before?.tooLarge.has(secret) === true
  const due = objectsToAsk(refreshable, {
    config: request.config,
    findings,
    hasValue: (to) => content.files.has(destinationKey(to)) || isDropped(to.secret),
    turns,
    state: withRemoved(state, before?.removed),
  })
  const refreshed = await refreshContent(
    {
      config,
      session: { ...session, reader },
      clock,
      log,
      signal,
      maxProperties,
      budget,
    },
    { state, due },
  )
  const isRemoved = (key: string) => refreshed.outcomes.get(key)?.kind === 'absent'
  const left = withoutRemoved(findings, request.config, isRemoved)
  return {
    values: nextValues(refreshed, {
      request: { ...request, config: expandConfig(request.config, left) },
      findings: left,
      ...{ before, turns, maxKeptBytes },
    }),
    found,
  }
}

/** A Secret that isn't due isn't listed for, either. Another try can't help if a find is too large. */
function isFindDue(
  find: SecretFind,
  {
    turns,
    findings = nothingFound,
  }: { readonly turns: SecretTurns; readonly findings: FoundByFind | undefined },
): boolean {
  const kind = turns.get(find.to.secret)?.kind
  if (kind !== 'retry') return kind === 'fetch'
  const { error, secrets } = findings.get(secretFindKey(find)) ?? {}
  return error === undefined ? secrets === undefined : error.facts.isRetryable
}

/** Adds the objects that the vault has no more to the failed ones, so that retries notice when they come back. */
function withRemoved(
  { statuses }: Pick<RefreshState, 'statuses'>,
  removed: AccountValues['removed'] = new Map(),
): Pick<RefreshState, 'statuses'> {
  const failed = [...removed].map(([key, error]) => [key, { ...unknownStatus, error }] as const)
  return { statuses: new Map([...statuses, ...failed]) }
}
