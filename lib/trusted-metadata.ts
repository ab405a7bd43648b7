import data from '../manifests/chart/files/trusted-metadata.json' with { type: 'json' }

/**
 * What other controllers trust Secrets for, whoever has created them: types, names, labels and annotations. Secret sync and
 * the chart's policy on its Secrets refuse the same ones, because both read this file. It is not complete, and can't be.
 */
interface TrustedMetadata {
  /** Why each type is refused. */
  readonly types: ReadonlyMap<string, string>
  /** Who trusts Secrets of each name. A star at the end stands for any rest. */
  readonly names: ReadonlyMap<string, string>
  /** Who trusts Secrets with each label: `KEY`, or `KEY=VALUE` if only that value counts. */
  readonly labels: ReadonlyMap<string, string>
  /** Who trusts Secrets with each annotation. */
  readonly annotations: ReadonlyMap<string, string>
}

const { types, names, labels, annotations } = data

export const trustedMetadata: TrustedMetadata = {
  types: new Map(Object.entries(types)),
  names: new Map(Object.entries(names)),
  labels: new Map(Object.entries(labels)),
  annotations: new Map(Object.entries(annotations)),
}
