import type { ApiServerOutage } from '../../../sync/cluster/api-server-outage.ts'

/** An outage of the API server that the test begins and ends. While it is on, it explains every error. */
export function manualOutage(): ApiServerOutage & { begin(): void; end(): void } {
  let current: PromiseWithResolvers<void> | undefined
  return {
    isOn: () => current !== undefined,
    explains: async () => current !== undefined,
    over: async () => await current?.promise,
    begin() {
      current = Promise.withResolvers()
    },
    end() {
      current?.resolve()
      current = undefined
    },
  }
}
