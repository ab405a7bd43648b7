import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { issueAuthority, issueLeaf } from '../../certs/issue.ts'
import type { Emulator } from '../../emulator/emulator.ts'
import { startWebhook } from '../../webhook/http/start-webhook.ts'
import { settingsFrom } from '../input/review-template.ts'

export interface ServedWebhook {
  readonly port: number
  /** The CA certificate that a cluster would have in `caBundle`. */
  readonly caPem: string
  /** The log so far. */
  log(): string
  close(): Promise<void>
}

/**
 * Serves the webhook over TLS on a free port, with the environment that its container would have, a new certificate and
 * the emulator as its cloud.
 *
 * @param folder - an empty folder for the webhook's files
 */
export async function serveWebhook(emulator: Emulator, folder: string): Promise<ServedWebhook> {
  const tlsDir = join(folder, 'tls')
  const caPem = await writeCertificate(tlsDir)
  const caFile = join(folder, 'emulator-ca.crt')
  writeFileSync(caFile, emulator.caPem)

  const settings = settingsFrom({
    ...process.env,
    AKV_INJECTOR_AGENT_IMAGE: 'akv-injector:demo',
    AKV_INJECTOR_LISTEN: '127.0.0.1:0',
    AKV_INJECTOR_HEALTH_LISTEN: '127.0.0.1:0',
    AKV_INJECTOR_TLS_DIR: tlsDir,
    AKV_INJECTOR_CLOUD: 'custom',
    AKV_INJECTOR_AUTHORITY_HOST: emulator.url,
    AKV_INJECTOR_VAULT_URL: emulator.vaultUrl,
    AKV_INJECTOR_CA_FILE: caFile,
  })

  const log: string[] = []
  const logStream = { write: (line: string) => void log.push(line) }
  // Only the demo sends requests, so there is nothing to drain.
  const webhook = await startWebhook({ settings, logStream, drainMs: 0 })
  return {
    port: webhook.address.port,
    caPem,
    log: () => log.join(''),
    close: () => webhook.close(),
  }
}

async function writeCertificate(tlsDir: string): Promise<string> {
  const now = new Date()
  const authority = await issueAuthority({ commonName: 'akv-injector demo', now, lifetimeDays: 2 })
  const leaf = await issueLeaf({
    authority,
    commonName: 'localhost',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    now,
    lifetimeDays: 1,
  })
  mkdirSync(tlsDir, { recursive: true })
  writeFileSync(join(tlsDir, 'tls.crt'), leaf.certificatePem)
  writeFileSync(join(tlsDir, 'tls.key'), leaf.keyPem, { mode: 0o600 })
  return authority.certificatePem
}
