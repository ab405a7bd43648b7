import { AkvError } from '../keyvault/errors.ts'
import type { AgentParts } from './agent.ts'
import { type Content, noContent, projectContent, wantedObjects } from './content.ts'
import { fetchObjects } from './fetch-objects.ts'
import { retry } from './retry.ts'

/**
 * Signs in, fetches all and writes all, retrying until the configuration's `timeoutSeconds` are over.
 *
 * @throws AkvError when any target that isn't optional is left without a value; nothing is written then
 */
export async function firstFetch(parts: AgentParts): Promise<Content> {
  const { config, session, volumes, clock, log, signal } = parts
  const deadlineMs = clock.now() + config.timeoutSeconds * 1000
  // A step of its own, so that fifty objects don't each wait for Entra.
  let hasFailed = false
  await retry(() => session.signIn.token(), {
    clock,
    deadlineMs,
    signal,
    onFailure(error) {
      log[hasFailed ? 'debug' : 'warn'](error.message, { code: error.code })
      hasFailed = true
    },
  })
  const objects = wantedObjects(config)
  const outcomes = await fetchObjects({ objects, ...session, clock, deadlineMs, log, signal })
  const { content, problems } = projectContent(config, { outcomes, before: noContent })
  const errors = [...new Map(problems.map(({ error }) => [error.message, error])).values()]
  if (errors.length > 0) {
    for (const error of errors) log.error(error.message, { code: error.code })
    throw summary(errors)
  }
  volumes.write(content)
  log.info('everything is written', {
    files: [...content.files.keys()],
    env: [...content.env.keys()],
  })
  return content
}

/** One error for the end of the process: what can't heal goes before what might have. */
function summary(errors: readonly AkvError[]): AkvError {
  const first = errors.find(({ facts }) => !facts.heals) ?? errors[0]
  const others = errors.filter((error) => error !== first)
  return new AkvError({
    code: first?.code ?? 'AKV_INTERNAL',
    message: [first, ...others].map((error) => error?.message).join('; '),
  })
}
