import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tlsFolder } from '../../webhook/http/tls-folder.ts'
import { bundleCheckout, bundleCommit, webhookOptions } from './bundles.ts'
import { pinnedCommit } from './pinned-commit.ts'
import { type MeasuredServer, startBundle, startProgram } from './servers.ts'

/** The two webhooks that benches compare. */
export type Version = 'today' | 'pinned'

/** An API server, a process that sends load, and what is needed to start webhooks. */
export interface Stage {
  readonly folder: string
  readonly ca: string
  readonly generator: ChildProcess
  /** Starts a webhook on the core of the servers, with the options of its own chart. */
  startWebhook(version: Version): Promise<MeasuredServer>
  close(): Promise<void>
}

/** @param generator - the program that sends load, on a core of its own */
export async function openStage(generator: string): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'akv-injector-bench-'))
  const started: MeasuredServer[] = []
  const close = async () => {
    for (const { process } of started) process.kill('SIGKILL')
    await rm(folder, { recursive: true })
  }
  try {
    const tls = await tlsFolder(folder)
    await tls.write(await tls.issue())
    await writeFile(join(folder, 'ca.crt'), tls.ca)
    const programs = {
      today: await bundleCheckout(join(folder, 'bundle')),
      pinned: bundleCommit(pinnedCommit),
    }
    const options = { today: webhookOptions(), pinned: webhookOptions(pinnedCommit) }
    const sending = await startProgram(generator, { args: [], core: 1 })
    started.push(sending)
    const apiServer = await startProgram('api-server.ts', { args: [folder], core: 1 })
    started.push(apiServer)
    return {
      folder,
      ca: tls.ca,
      generator: sending.process,
      async startWebhook(version) {
        const server = await startBundle(programs[version], {
          tlsDir: folder,
          apiServerPort: apiServer.port,
          nodeOptions: options[version],
        })
        started.push(server)
        return server
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
