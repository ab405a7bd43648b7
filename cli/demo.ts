import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmulator } from '../emulator/emulator.ts'
import { describeProblems } from '../lib/describe-problem.ts'
import { annotationPrefix } from '../webhook/core/annotations/own-annotations.ts'
import { type CleanUp, createCleanUp } from './demo/clean-up.ts'
import { createNarrator } from './demo/narrator.ts'
import { serveWebhook } from './demo/serve-webhook.ts'
import { tell } from './demo/tell.ts'
import { readEmulatorData } from './emulator.ts'
import { example } from './example.ts'
import type { ExitCode } from './exit-code.ts'
import { findPodTemplates, isAnnotated } from './input/find-objects.ts'
import { InputError } from './input/input-error.ts'
import { type Manifest, readManifests } from './input/read-manifests.ts'
import { untilInterrupted } from './until-interrupted.ts'

export interface DemoOptions {
  readonly file?: string
  readonly vaultData?: string
  readonly keep?: boolean
}

/**
 * `akv-injector demo`: the whole path of a pod on this machine, told step by step to standard output. Ends on Ctrl-C,
 * and leaves nothing behind.
 *
 * @throws InputError when the manifest or the vaults' data is wrong
 */
export async function demo(options: DemoOptions): Promise<ExitCode> {
  const cleanUp = createCleanUp()
  // A reader that has seen enough (| head) is a way to end it, too.
  const interrupted = Promise.race([untilInterrupted(), once(process.stdout, 'error')])
  const told = tellAll(options, cleanUp).then(async (exitCode) => {
    if (options.keep) await interrupted
    return exitCode
  })
  try {
    return await Promise.race([told, interrupted.then((): ExitCode => (options.keep ? 0 : 1))])
  } finally {
    await cleanUp.run()
  }
}

async function tellAll(options: DemoOptions, cleanUp: CleanUp): Promise<ExitCode> {
  const {
    file = example('refresh.yaml'),
    vaultData = example('vault.yaml'),
    keep = false,
  } = options
  const manifests = readManifests([file])
  const template = firstAnnotated(manifests, file)
  const data = readEmulatorData(vaultData)
  const narrator = createNarrator(process.stdout)

  narrator.step('A vault')
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-demo-'))
  cleanUp.add(() => rmSync(folder, { recursive: true, force: true }))
  narrator.waiting('starting Entra and Key Vault')
  const emulator = await startEmulator({ data })
  cleanUp.add(() => emulator.close())
  narrator.line(`Entra and Key Vault, emulated, serve TLS at ${emulator.url}`)
  for (const { name, secrets } of data.vaults)
    narrator.line(`vault ${name}: ${secrets.map((secret) => secret.name).join(', ')}`)

  narrator.step('The webhook')
  const webhook = await serveWebhook(emulator, join(folder, 'webhook'))
  cleanUp.add(() => webhook.close())
  narrator.line(`serves TLS at https://localhost:${webhook.port}/mutate`)

  const exitCode = await tell({
    template,
    manifests,
    tenantId: data.tenantId,
    emulator,
    webhook,
    root: join(folder, 'akv'),
    cleanUp,
    narrator,
  })
  if (keep) {
    narrator.step('Everything stays as it is until Ctrl-C')
    narrator.line(`the files      ${join(folder, 'akv')}`)
    narrator.line(
      `rotate one     curl ${emulator.controlUrl}/rotate --json '{"vault":"…","name":"…"}'`,
    )
  }
  return exitCode
}

function firstAnnotated(manifests: readonly Manifest[], file: string) {
  const templates = manifests.flatMap((manifest) => findPodTemplates(manifest, 'default'))
  const annotated = templates.find(isAnnotated)
  if (annotated !== undefined && annotated.unquoted.length > 0)
    throw new InputError(`${annotated.title} would be denied`, describeProblems(annotated.unquoted))
  if (annotated !== undefined) return annotated
  throw new InputError(
    `${file}: no pod or pod template here has an ${annotationPrefix}… annotation`,
  )
}
