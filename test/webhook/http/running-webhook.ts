import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import {
  type RunningWebhook,
  type StartWebhookOptions,
  startWebhook,
} from '../../../webhook/http/start-webhook.ts'
import { testSettings } from './test-settings.ts'
import { tlsFolder } from './tls-folder.ts'

/** On a busy machine, the webhook's own limits would close the connection of an honest caller, too. */
export const patient = {
  handshakeTimeoutMs: 300_000,
  headersTimeoutMs: 300_000,
  requestTimeoutMs: 300_000,
}

/** A running webhook that waits for slow callers, with a certificate unless told otherwise, and what it logs. */
export async function serve(
  t: Test,
  options: Partial<StartWebhookOptions> & { empty?: true } = {},
) {
  const tls = await tlsFolder(t.testdir())
  if (!options.empty) await tls.write(await tls.issue())
  const lines: string[] = []
  const webhook: RunningWebhook = await startWebhook({
    settings: testSettings(tls.folder),
    logStream: { write: (line) => void lines.push(line) },
    certificatePollMs: 10,
    drainMs: 0,
    ...options,
    limits: { ...patient, ...options.limits },
  })
  t.teardown(() => webhook.close())
  const health = `http://127.0.0.1:${webhook.healthAddress.port}`
  const ready = async () => (await fetch(`${health}/readyz`)).text()
  return { webhook, tls, caller: { port: webhook.address.port, ca: tls.ca }, lines, health, ready }
}

/** Waits for what will be true soon; the test's own time limit ends the wait. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await delay(5)
}
