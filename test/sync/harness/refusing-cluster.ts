import type { AkvError } from '../../../lib/errors/akv-error.ts'
import type { SyncCluster } from '../../../sync/cluster/cluster-port.ts'

export interface RefusingCluster {
  readonly cluster: SyncCluster
  /** The requests so far, each with whether it was refused. */
  readonly requests: { readonly name: string; readonly isRefused: boolean }[]
  /** Breaks all watches. */
  breakWatches(error: AkvError): void
}

/**
 * Counts the requests to a cluster, and refuses some.
 *
 * @param refusal - with what a request is refused. `name`: of the function, such as `readSecret`, `list` or `watch`; `about`:
 *   its first argument
 */
export function refusingCluster(
  inner: SyncCluster,
  refusal: (name: string, about: unknown) => AkvError | undefined,
): RefusingCluster {
  const requests: RefusingCluster['requests'] = []
  let broken = Promise.withResolvers<never>()
  broken.promise.catch(() => undefined)
  const refusing =
    (name: string, request: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]) => {
      const error = refusal(name, args[0])
      requests.push({ name, isRefused: error !== undefined })
      if (error) throw error
      return await (name === 'watch'
        ? Promise.race([request(...args), broken.promise])
        : request(...args))
    }
  const wrap = <T extends object>(requestsOf: T): T =>
    Object.fromEntries(
      Object.entries(requestsOf).map(([name, request]) => [
        name,
        name === 'serverTimeMs'
          ? request
          : typeof request === 'function'
            ? refusing(name, request)
            : wrap(request),
      ]),
    ) as T
  return {
    cluster: wrap(inner),
    requests,
    breakWatches(error) {
      broken.reject(error)
      broken = Promise.withResolvers()
      broken.promise.catch(() => undefined)
    },
  }
}
