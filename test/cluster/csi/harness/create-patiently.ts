import type { Answer, KubeObject } from '../../client/api.ts'
import type { Cluster } from '../../client/cluster.ts'

/** If the last one is late, too, something else is wrong. */
const maxTries = 20

/**
 * Creates a pod by dry run, again and again while a pause of the machine uses up somebody's time: the API server's, the five
 * seconds that it gives a webhook, or the two seconds that a webhook waits for classes.
 *
 * @param beforeTry - called before each try, because a webhook may have counted the earlier ones
 * @returns the answer to the last try
 */
export async function createPatiently(
  cluster: Cluster,
  pod: KubeObject,
  beforeTry: () => void = () => undefined,
): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    beforeTry()
    const answer = await cluster.create(pod, { dryRun: true })
    if (!isLate(answer) || tries === maxTries) return answer
  }
}

const isLate = ({ status, body }: Answer): boolean =>
  status === 504 ||
  /failed calling webhook.*deadline exceeded|did not answer within 2 s; try again/.test(
    body.message ?? '',
  )
