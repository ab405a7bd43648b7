import { AkvError, type AkvErrorCode } from '../../lib/errors/akv-error.ts'
import type { FailedRequest } from '../clients/request-guard.ts'
import type { KnownTimes } from '../clients/server-time.ts'
import { certificateTimeError } from './clock-error.ts'

/** OpenSSL's and Node's codes for a certificate that isn't trusted. */
const certificateProblem =
  /^(CERT_|ERR_TLS_CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_|INVALID_|PATH_LENGTH_|CRL_)/

interface FailedConnection {
  /** What a message calls it, such as `vault team-a`. */
  readonly host: string
  readonly hostname?: string | undefined
  readonly times: KnownTimes | undefined
  /** The error code for a certificate that isn't trusted, by Node's code. Default: AKV_TLS_UNTRUSTED. */
  readonly certificateCode?: (code: string) => AkvErrorCode
}

/** The error for a request that wasn't sent, wasn't answered, or was answered with too much. */
export function connectionError(
  failure: Exclude<FailedRequest, { kind: 'status' }>,
  connection: FailedConnection,
): AkvError {
  const { host } = connection
  switch (failure.kind) {
    case 'network':
      return networkError(failure.code, connection)
    case 'timeout':
      return new AkvError(
        'AKV_NETWORK',
        `${withHostname(connection)} did not answer within ${failure.timeoutMs / 1000} s`,
      )
    case 'too-large':
      return new AkvError(
        'AKV_BAD_ANSWER',
        `${host} answered with more than ${failure.maxBytes / 1024} KiB`,
      )
    case 'elsewhere':
      return new AkvError(
        'AKV_REDIRECTED',
        `a request for ${host} was about to go to another host; it was not sent`,
      )
    default:
      return failure satisfies never
  }
}

/** With private DNS, the host name is what somebody has to look up. */
const withHostname = ({ host, hostname }: FailedConnection): string =>
  hostname === undefined ? host : `${host} (${hostname})`

function networkError(code: string, connection: FailedConnection): AkvError {
  const { host, certificateCode = () => 'AKV_TLS_UNTRUSTED' } = connection
  if (!certificateProblem.test(code))
    return new AkvError('AKV_NETWORK', `${withHostname(connection)} could not be reached (${code})`)
  return (
    certificateTimeError(code, connection) ??
    new AkvError(certificateCode(code), `the certificate of ${host} is not trusted (${code})`)
  )
}
