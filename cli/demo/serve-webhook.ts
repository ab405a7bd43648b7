import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { issueAuthority, issueLeaf } from '../../certs/issue.ts'
import type { Emulator } from '../../emulator/emulator.ts'
import { startWebhook } from '../../webhook/http/start-webhook.ts'
import { settingsFrom } from '../input/review-template.ts'

export interface ServedWebhook {
  readonly port: number
  /** The certificate of the authority that its own is from: what a cluster has in `caBundle`. */
  readonly caPem: string
  /** Its log so far. */
  log(): string
  close(): Promise<void>
}

/**
 * Serves the webhook over TLS on a free port, set up by the environment that its container would have, with a
 * certificate of its own and the emulator for a cloud.
 *
 * @param folder - an empty one, for its files
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
  // Nobody but us sends requests: there is nothing to wait for before it stops.
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
