import type { Answer } from './api.ts'
import { until } from './cluster.ts'

/**
 * Calls the API server again and again while a pause of the machine uses up somebody's time: the API server's, the five seconds
 * that it gives a webhook, or the two seconds that our webhook waits for classes. Controllers repeat such a call, too.
 *
 * @returns the last answer
 */
export async function callPatiently(call: () => Promise<Answer>): Promise<Answer> {
  let answer = await call()
  const isInTime = async () => {
    if (isLate(answer)) answer = await call()
    return !isLate(answer)
  }
  await until(isInTime, 120_000).catch(() => undefined)
  return answer
}

const isLate = ({ status, body }: Answer): boolean =>
  status === 504 || lateWords.test(body.message ?? '')

/** Without a connection that breaks: a webhook that restarts answers what it has been sent. */
const lateWords =
  /failed calling webhook.*(deadline exceeded|Client\.Timeout|connection refused|no endpoints available)|did not answer within 2 s; try again/
