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

const isLate = (answer: Answer): boolean =>
  isOutOfTime(answer) || absentWords.test(answer.body.message ?? '')

/** Whether somebody's time was used up, as by a pause of the machine. */
export const isOutOfTime = ({ status, body }: Answer): boolean =>
  status === 504 || outOfTimeWords.test(body.message ?? '')

const outOfTimeWords =
  /failed calling webhook.*(deadline exceeded|Client\.Timeout|handshake timeout)|did not answer within 2 s; try again/

/** Without a connection that breaks: a webhook that restarts answers what it has been sent. */
const absentWords = /failed calling webhook.*(connection refused|no endpoints available)/
