import { printable } from '../../lib/printable.ts'
import { InputError } from '../input-error.ts'

/** Azure's limit for the issuer of a federated credential. */
const maxIssuerLength = 600

/**
 * Checks an OIDC issuer that the caller names. It is returned as written, because Azure compares it with the token's
 * issuer as text.
 *
 * @throws InputError if it isn't a URL that Azure accepts
 */
export function checkIssuer(issuer: string): string {
  const isUrl = issuer.length <= maxIssuerLength && /^https:\/\/[!-~]+$/.test(issuer)
  if (isUrl && URL.canParse(issuer) && !/[?#]/.test(issuer)) return issuer
  throw new InputError(
    `--issuer ${printable(issuer)}: expected an https URL of at most ${maxIssuerLength} characters, such as https://oidc.example/cluster/`,
  )
}
