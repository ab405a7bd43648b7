/** The modules of node-forge that read PKCS#12: the only ones that are loaded. */

/** An ASN.1 value, opaque here. */
interface ForgeAsn1 {
  readonly type: number
}

/**
 * A certificate's bag has `cert`, or `asn1` if forge doesn't know the type of its key. A key's bag has `key` or `asn1`.
 */
interface ForgeBag {
  readonly cert?: object | null
  readonly key?: object | null
  readonly asn1?: ForgeAsn1
}

declare module 'node-forge/lib/asn1.js' {
  const asn1: {
    fromDer(binary: string): ForgeAsn1
    toDer(value: ForgeAsn1): { getBytes(): string }
  }
  export = asn1
}

declare module 'node-forge/lib/pkcs12.js' {
  const pkcs12: {
    pkcs12FromAsn1(
      value: ForgeAsn1,
      password: string,
    ): {
      getBags(filter: {
        bagType: string
      }): Readonly<Record<string, readonly ForgeBag[] | undefined>>
    }
  }
  export = pkcs12
}

declare module 'node-forge/lib/pki.js' {
  const pki: {
    readonly oids: {
      readonly certBag: string
      readonly keyBag: string
      readonly pkcs8ShroudedKeyBag: string
    }
    certificateToAsn1(certificate: object): ForgeAsn1
    privateKeyToAsn1(key: object): ForgeAsn1
    wrapRsaPrivateKey(key: ForgeAsn1): ForgeAsn1
  }
  export = pki
}
