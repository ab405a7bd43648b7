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
  const told = new Set<string>()
  await retry(() => session.signIn.token(), {
    clock,
    deadlineMs,
    signal,
    onFailure(error) {
      log[told.has(error.code) ? 'debug' : 'warn'](error.message, { code: error.code })
      told.add(error.code)
    },
  })
  const objects = wantedObjects(config)
  const outcomes = await fetchObjects({ objects, ...session, clock, deadlineMs, log, signal })
  const { content, problems } = projectContent(config, { outcomes, before: noContent })
  const failure = summary(problems.map(({ error }) => error))
  if (failure) throw failure
  volumes.write(content)
  log.info('everything is written', {
    files: [...content.files.keys()],
    env: [...content.env.keys()],
  })
  return content
}

/** One error for all, or none: what can't heal goes before what might have. */
function summary(errors: readonly AkvError[]): AkvError | undefined {
  const byMessage = new Map(errors.map((error) => [error.message, error]))
  const [first, ...others] = [...byMessage.values()].sort(
    (a, b) => Number(a.facts.heals) - Number(b.facts.heals),
  )
  if (first === undefined || others.length === 0) return first
  const rest = others.map(({ code, message }) => `${code}: ${message}`)
  return new AkvError({ code: first.code, message: [first.message, ...rest].join('; ') })
}
