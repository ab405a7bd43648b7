import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { issueServerPem, type ServerPem } from '../../certs/issue.ts'
import type { Emulator } from '../../emulator/emulator.ts'
import type { FoundObject } from '../../repository/input/objects/find-objects.ts'
import { csiPath, mutatePath } from '../../webhook/http/mutate-route.ts'
import { startWebhook } from '../../webhook/http/start-webhook.ts'
import { demoSettings } from './made-up/demo-settings.ts'
import { serveObjects } from './serve-objects.ts'

export type ServedWebhook = Awaited<ReturnType<typeof serveWebhook>>

interface ServeWebhookOptions {
  readonly emulator: Emulator
  /** An empty folder for the webhook's files. */
  readonly folder: string
  /** Administrator settings, in addition to those of the environment. */
  readonly settings: Readonly<Record<string, string>>
  /** The objects that the webhook can look up for volumes of the Secrets Store CSI Driver. Absent: it looks up nothing. */
  readonly objects?: readonly FoundObject[] | undefined
}

/**
 * Serves the webhook over TLS on a free port, with the environment that its container would have, a new certificate and
 * the emulator as its cloud.
 */
export async function serveWebhook(options: ServeWebhookOptions) {
  const { emulator, folder, objects } = options
  const tlsDir = join(folder, 'tls')
  const certificate = await writeCertificate(tlsDir)
  const caFile = join(folder, 'emulator-ca.crt')
  writeFileSync(caFile, emulator.caPem)

  const settings = demoSettings({
    ...options.settings,
    AKV_INJECTOR_TLS_DIR: tlsDir,
    AKV_INJECTOR_AUTHORITY_HOST: emulator.url,
    AKV_INJECTOR_VAULT_URL: emulator.vaultUrl,
    AKV_INJECTOR_CA_FILE: caFile,
    AKV_INJECTOR_CSI: objects === undefined ? 'none' : 'labelled',
  })
  const apiServer = objects && (await serveObjects(objects, certificate))

  const log: string[] = []
  const logStream = { write: (line: string) => void log.push(line) }
  // Only the demo sends requests, so there is nothing to drain.
  const webhook = await startWebhook({
    settings,
    logStream,
    drainMs: 0,
    ...(apiServer && { apiAccess: apiServer.access }),
  })
  return {
    port: webhook.address.port,
    /** The path to send reviews to. */
    path: apiServer === undefined ? mutatePath : csiPath,
    /** The CA certificate that a cluster would have in `caBundle`. */
    caPem: certificate.caPem,
    /** The log so far. */
    log: () => log.join(''),
    async close() {
      await webhook.close()
      apiServer?.close()
    },
  }
}

async function writeCertificate(tlsDir: string): Promise<ServerPem> {
  const certificate = await issueServerPem('akv-injector demo', {
    commonName: 'localhost',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    now: new Date(),
    lifetimeDays: 1,
  })
  mkdirSync(tlsDir, { recursive: true })
  writeFileSync(join(tlsDir, 'tls.crt'), certificate.certificatePem)
  writeFileSync(join(tlsDir, 'tls.key'), certificate.keyPem, { mode: 0o600 })
  return certificate
}
