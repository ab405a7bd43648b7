import type { ApiObject } from './api-object.ts'

/** Whether a request selects an object: `fieldSelector=metadata.namespace!=a,metadata.namespace!=b` leaves out namespaces. */
export const selectedBy =
  (query: URLSearchParams) =>
  ({ metadata }: ApiObject): boolean =>
    (query.get('fieldSelector') ?? '')
      .split(',')
      .every((term) => term !== `metadata.namespace!=${metadata.namespace}`)
