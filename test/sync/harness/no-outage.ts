import type { ApiServerOutage } from '../../../sync/cluster/api-server-outage.ts'

/** An API server that never becomes unavailable. */
export const noOutage: ApiServerOutage = {
  isOn: () => false,
  explains: async () => false,
  over: async () => undefined,
}
