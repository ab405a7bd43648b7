import { renewRefusedToken } from '../keyvault/readers/renew-refused-token.ts'
import { combineErrors } from '../lib/errors/akv-error.ts'
import type { AgentContext } from './agent-context.ts'
import { fetchConsistently } from './projection/certificate-parts.ts'
import { type Deadline, firstFetchDeadline, notBefore } from './projection/deadline.ts'
import type { FetchOutcomes } from './projection/fetch-objects.ts'
import { type Content, noContent, projectContent } from './projection/project-content.ts'
import { retry } from './projection/retry.ts'
import { wantedObjects } from './projection/wanted-objects.ts'
import { reportRetries } from './report-retries.ts'

const leastFetchMs = 1_000

/**
 * Signs in and fetches all, retrying until the deadline.
 *
 * @throws AkvError when any target that isn't optional is left without a value
 */
export async function fetchContent(
  context: Omit<AgentContext, 'volumes'>,
  deadline = firstFetchDeadline(context.config, context.clock.now()),
): Promise<{ readonly content: Content; readonly outcomes: FetchOutcomes }> {
  const { config, session, clock, log, signal } = context
  const onSignInRetry = reportRetries({ log, clock, deadline })
  // A step of its own, so that fifty objects don't each wait for Entra.
  await retry(() => session.signIn.token(), {
    clock,
    deadline,
    signal,
    onFailure: (error) => onSignInRetry('sign-in', error),
  })
  const objects = wantedObjects(config)
  const reader = renewRefusedToken(session)
  // The sign-in may have taken all of it: what can be asked at once is asked all the same.
  const fetchDeadline = notBefore(clock.now() + leastFetchMs, deadline)
  const outcomes = await fetchConsistently({
    objects,
    reader,
    clock,
    deadline: fetchDeadline,
    onRetry: reportRetries({ log, clock, deadline: fetchDeadline }),
    log,
    signal,
  })
  // Nothing was there before that could have been deleted since: what is missing now is missed.
  const { content, problems } = await projectContent(
    { ...config, onDeleted: 'keep' },
    { outcomes, before: noContent },
  )
  const failure = combineErrors(problems.map(({ error }) => error))
  if (failure) throw failure
  return { content, outcomes }
}

/**
 * Fetches all and writes all.
 *
 * @throws AkvError when that can't be; nothing is written then
 */
export async function firstFetch(
  context: AgentContext,
  deadline?: Deadline,
): Promise<Awaited<ReturnType<typeof fetchContent>>> {
  const { volumes, log } = context
  const fetched = await fetchContent(context, deadline)
  const { content } = fetched
  volumes.write(content)
  log.info('all files written', {
    files: [...content.files.keys()],
    env: [...content.env.keys()],
  })
  return fetched
}
