import data from '../../manifests/chart/files/trusted-metadata.json' with { type: 'json' }

/**
 * What other controllers trust Secrets for, whoever has created them: types, names, labels and annotations. Secret sync and
 * the chart's policy on its Secrets refuse the same ones, because both read this file. It is not complete, and can't be.
 */
export const trustedMetadata = {
  /** Why each type is refused. */
  types: new Map(Object.entries(data.types)),
  /** Who trusts Secrets of each name. A star at the end stands for any rest. */
  names: new Map(Object.entries(data.names)),
  /** Who trusts Secrets with each label: `KEY`, or `KEY=VALUE` if only that value counts. */
  labels: new Map(Object.entries(data.labels)),
  /** Who trusts Secrets with each annotation. */
  annotations: new Map(Object.entries(data.annotations)),
} satisfies Record<string, ReadonlyMap<string, string>>
