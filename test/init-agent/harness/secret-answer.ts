import type { FetchedSecret } from '../../../keyvault/clients/object-client.ts'

/** A secret as the vault's reader hands it out. */
export const secretAnswer = (
  value: string,
  more: { readonly [Name in keyof FetchedSecret]?: FetchedSecret[Name] | undefined } = {},
): FetchedSecret => {
  const { version, isCertificate = false, contentType } = more
  return { kind: 'secret', value, contentType, isCertificate, ...(version && { version }) }
}
