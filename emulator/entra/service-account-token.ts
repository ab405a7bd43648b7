import { randomUUID } from 'node:crypto'
import { tokenAudience } from '../../lib/azure/token-audience.ts'
import { type Signer, seconds } from './signer.ts'

export interface ServiceAccountTokenOptions {
  readonly namespace: string
  readonly serviceAccount: string
  /** Default: `api://AzureADTokenExchange`. */
  readonly audience?: string | undefined
  /** Default: 3600. A negative number makes an expired token. */
  readonly expiresInSeconds?: number | undefined
}

interface MintOptions extends ServiceAccountTokenOptions {
  readonly signer: Signer
  readonly issuer: string
  readonly now: Date
}

/** Makes a token like those that the API server projects into a pod. */
export function mintServiceAccountToken(options: MintOptions): Promise<string> {
  const {
    signer,
    issuer,
    now,
    namespace,
    serviceAccount,
    audience = tokenAudience,
    expiresInSeconds = 3600,
  } = options
  const exp = seconds(now) + expiresInSeconds
  const iat = Math.min(seconds(now), exp - 1)
  return signer.sign({
    aud: [audience],
    exp,
    iat,
    iss: issuer,
    jti: randomUUID(),
    'kubernetes.io': {
      namespace,
      node: { name: 'emulated-node', uid: randomUUID() },
      pod: { name: `${serviceAccount}-0`, uid: randomUUID() },
      serviceaccount: { name: serviceAccount, uid: randomUUID() },
    },
    nbf: iat,
    sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
  })
}
