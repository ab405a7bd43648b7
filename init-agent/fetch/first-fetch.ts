import type { AgentConfig } from '../../delivery/contract.ts'
import { fetchConsistently } from '../../delivery/projection/certificate-parts.ts'
import { type Deadline, firstFetchDeadline, notBefore } from '../../delivery/projection/deadline.ts'
import {
  type FetchOutcomes,
  maxConcurrentRequests,
} from '../../delivery/projection/fetch-objects.ts'
import {
  type Content,
  noContent,
  projectContent,
} from '../../delivery/projection/project-content.ts'
import { retry } from '../../delivery/projection/retry.ts'
import type { TargetSources } from '../../delivery/projection/target-sources.ts'
import { wantedObjects } from '../../delivery/projection/wanted-objects.ts'
import { renewRefusedToken } from '../../keyvault/readers/renew-refused-token.ts'
import { combineErrors } from '../../lib/errors/akv-error.ts'
import type { AgentContext } from '../context/agent-context.ts'
import { findFirst } from '../find/find-first.ts'
import { type HeldFinds, holdFinds } from '../find/held-finds.ts'
import { reportRetries } from './report-retries.ts'

interface FetchedContent {
  readonly content: Content
  readonly sources: TargetSources
  readonly outcomes: FetchOutcomes
  /** Absent if the pod has no finds. */
  readonly finds?: HeldFinds | undefined
}

/** The context for fetching. The caller writes the content. */
type FetchContext = Omit<AgentContext, 'volumes' | 'stateReport' | 'requests'>

/**
 * Fetches everything and writes it to the volumes.
 *
 * @throws AkvError if either fails; then nothing is written
 */
export async function firstFetch(
  context: AgentContext,
  deadline?: Deadline,
): Promise<FetchedContent> {
  const { config, volumes, log, stateReport } = context
  const fetched = await fetchContent(context, deadline)
  const { files, env } = fetched.content
  volumes.write(fetched.content)
  log.info('all files written', { files: [...files.keys()], env: [...env.keys()] })
  const wanted = fetched.finds?.config ?? config
  stateReport.report({
    config: wanted,
    sources: fetched.sources,
    refreshed: wantedObjects(wanted),
  })
  return fetched
}

/**
 * Signs in, fetches every object and creates the content from them. Retries until the deadline.
 *
 * @throws AkvError if a target that isn't optional has no value, or a find that isn't optional finds nothing
 */
export async function fetchContent(
  context: FetchContext,
  deadline = firstFetchDeadline(context.config, context.clock.now()),
): Promise<FetchedContent> {
  const signedIn = signIn(context, deadline)
  const references = wantedObjects(context.config).map(({ reference }) => reference)
  context.session.prepare(references, maxConcurrentRequests)
  await signedIn
  const finds =
    context.config.finds &&
    holdFinds(
      context.config,
      await findFirst(context, { deadline, onRetry: reportRetries({ ...context, deadline }) }),
    )
  const config = finds?.config ?? context.config
  const outcomes = await fetchEverything({ ...context, config }, deadline)
  return { ...(await projectEverything(config, outcomes)), outcomes, finds }
}

/** A step of its own, because otherwise each of the objects would wait and retry for the same token. */
async function signIn(context: FetchContext, deadline: Deadline): Promise<void> {
  const { session, clock, log, signal } = context
  const onRetry = reportRetries({ log, clock, deadline })
  await retry(() => session.signIn.token(), {
    clock,
    deadline,
    signal,
    onFailure: (error) => onRetry('sign-in', error),
  })
}

const minFetchMs = 1_000

async function fetchEverything(context: FetchContext, end: Deadline): Promise<FetchOutcomes> {
  const { config, session, clock, log, signal } = context
  // Even if the sign-in has used up the time, every object is asked for once.
  const deadline = notBefore(clock.now() + minFetchMs, end)
  return await fetchConsistently({
    objects: wantedObjects(config),
    reader: renewRefusedToken(session),
    clock,
    deadline,
    onRetry: reportRetries({ log, clock, deadline }),
    log,
    signal,
  })
}

async function projectEverything(
  config: AgentConfig,
  outcomes: FetchOutcomes,
): Promise<Omit<FetchedContent, 'outcomes'>> {
  // `remove` is for objects that are deleted later. On the first fetch, a missing object is an error.
  const { content, sources, problems } = await projectContent(
    { ...config, onDeleted: 'keep' },
    { outcomes, before: noContent },
  )
  const failure = combineErrors(problems.map(({ error }) => error))
  if (failure) throw failure
  return { content, sources }
}
