/** What a round is for. */
type Work =
  | { readonly kind: 'account'; readonly namespace: string; readonly name: string }
  /** Of an empty namespace: for the stores of the whole cluster. */
  | { readonly kind: 'namespace'; readonly namespace: string }

/** Identifies work in the queue. Neither namespaces nor names contain a slash. */
export const workKey = (work: Work): string =>
  work.kind === 'account' ? `account/${work.namespace}/${work.name}` : `namespace/${work.namespace}`

/** The work of a key from {@link workKey}. */
export function workOf(key: string): Work {
  const [kind, namespace = '', name = ''] = key.split('/')
  return kind === 'account' ? { kind, namespace, name } : { kind: 'namespace', namespace }
}
