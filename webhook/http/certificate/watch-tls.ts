import type { Settings } from '../../../requests/administrator/settings/read-settings.ts'
import type { Metrics } from '../server/metrics.ts'
import { clientTlsOptions, tlsOptions, type WebhookServer } from '../server/webhook-server.ts'
import type { TlsFiles } from './serving-certificate.ts'
import { type CertificateWatch, watchCertificate } from './watch-certificate.ts'
import { watchClientCa } from './watch-client-ca.ts'

interface WatchTlsOptions {
  readonly settings: Pick<Settings, 'tlsDir' | 'clients'>
  readonly intervalMs: number
  readonly metrics: Metrics
  /** Called when clients are verified by other authorities. */
  readonly onCaChanged: () => void
}

/**
 * Keeps a server's certificate, and the authorities of its clients if the settings name any, in step with their files. Each
 * can change without the other. Until all are there, no handshake succeeds.
 */
export async function watchTls(
  app: WebhookServer,
  { settings, intervalMs, metrics, onCaChanged }: WatchTlsOptions,
): Promise<CertificateWatch> {
  const { tlsDir, clients } = settings
  let pair: TlsFiles | undefined
  let ca: string | undefined

  function apply(): void {
    if (pair === undefined || (clients && ca === undefined)) return
    const { cert, key } = pair
    const options = { ...tlsOptions, cert, key, ...(ca !== undefined && clientTlsOptions(ca)) }
    app.server.setSecureContext(options)
  }

  const followed = { intervalMs, metrics, log: app.log }
  const clientCa =
    clients &&
    (await watchClientCa({
      ...followed,
      file: clients.caFile,
      use(next) {
        ca = next
        onCaChanged()
        apply()
      },
    }))
  const certificate = await watchCertificate({
    ...followed,
    folder: tlsDir,
    use(next) {
      pair = next
      apply()
    },
  })
  return {
    problem: (now) => clientCa?.problem() ?? certificate.problem(now),
    stop() {
      clientCa?.stop()
      certificate.stop()
    },
  }
}
