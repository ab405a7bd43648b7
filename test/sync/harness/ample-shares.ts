import { FairShares } from '../../../sync/memory/fair-shares.ts'

/** More memory than any test needs. */
export const ampleShares = () => new FairShares({ maxBytes: 2 ** 40, namespaces: 1 })
