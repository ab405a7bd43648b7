/**
 * The proxy of an AKS cluster that exchanges service account tokens for tokens of Entra, by identity bindings. It is part of
 * the API server, which finds it by the TLS server name of a connection. Whoever chose it would receive tokens, so only the
 * administrator's settings do.
 */
export interface TokenProxy {
  /** `https://kubernetes.default.svc.cluster.local` */
  readonly url: string
  /** `a….ests.aks` */
  readonly serverName: string
  /** The cluster's certificate authorities in PEM. No others are trusted. */
  readonly ca: string
}

/** What the administrator has set. */
export interface TokenProxySettings extends Pick<TokenProxy, 'url'> {
  /** A PEM file. */
  readonly caFile: string
  /** Absent: it follows from the API server's certificate. */
  readonly serverName?: string
}

/** A token proxy, or a sentence that says why there is none yet. */
export type TokenProxyState =
  | { readonly kind: 'known'; readonly proxy: TokenProxy }
  | { readonly kind: 'unknown'; readonly reason: string }
