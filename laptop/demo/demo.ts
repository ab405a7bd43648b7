import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExitCode } from '../../command/exit-code.ts'
import { InputError } from '../../command/input-error.ts'
import { type Emulator, startEmulator } from '../../emulator/emulator.ts'
import { describeProblems } from '../../lib/problems/problem.ts'
import { untilAborted, withStopSignal } from '../../lib/server/run-until-signal.ts'
import { workloadIdentity } from '../../repository/input/accounts/workload-identity.ts'
import type { Manifest } from '../../repository/input/document/manifest.ts'
import { viewsByFolder } from '../../repository/input/environments/folder-views.ts'
import { example } from '../../repository/input/example.ts'
import {
  type FoundObject,
  findNamedObjects,
  findPodTemplates,
  isAnnotated,
  type PodTemplate,
} from '../../repository/input/objects/find-objects.ts'
import type { GivenValues } from '../../repository/input/placeholders/given-values.ts'
import { readFilledFiles } from '../../repository/input/read-filled-files.ts'
import { annotationPrefix } from '../../requests/annotations/keys/own-annotations.ts'
import { mayHaveClassVolumes } from '../../webhook/core/model/find-class-volumes.ts'
import { readEmulatorData } from '../emulator/emulator.ts'
import { type CleanUp, createCleanUp } from './clean-up.ts'
import { createDemoOutput, type DemoOutput } from './demo-output.ts'
import { makeUp, type Surroundings } from './made-up/make-up.ts'
import { runSteps } from './run-steps.ts'
import { serveWebhook } from './serve-webhook.ts'

interface DemoOptions extends GivenValues {
  readonly file?: string
  readonly vaultData?: string
  readonly keep?: boolean
}

/**
 * `akv-injector demo`: runs webhook, agent and emulator for a pod on this machine, and prints each step to standard
 * output. Stops on Ctrl-C, and removes everything that it created.
 *
 * @throws InputError when the manifest or the vaults' data is invalid
 */
export async function demo(options: DemoOptions): Promise<ExitCode> {
  const cleanUp = createCleanUp()
  return await withStopSignal(async (signal) => {
    // A closed pipe (`| head`) ends the demo, too.
    const interrupted = Promise.race([untilAborted(signal), once(process.stdout, 'error')])
    const finished = runDemo(options, cleanUp).then(async (exitCode) => {
      if (options.keep) await interrupted
      return exitCode
    })
    try {
      return await Promise.race([
        finished,
        interrupted.then((): ExitCode => (options.keep ? 0 : 1)),
      ])
    } finally {
      await cleanUp.run()
    }
  })
}

async function runDemo(options: DemoOptions, cleanUp: CleanUp): Promise<ExitCode> {
  const { file = example('refresh.yaml'), keep = false } = options
  const manifests = readFilledFiles([file], 'demo', options).flatMap((read) => read.manifests)
  const template = firstRequesting(manifests, file)
  const found = manifests.flatMap((manifest) => findNamedObjects(manifest, 'default'))
  const surroundings = surroundingsOf(template, {
    found: viewsByFolder(found)(template).lookUps,
    options,
  })
  const { objects, settings, agentEnv } = surroundings
  const output = createDemoOutput(process.stdout)

  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-demo-'))
  cleanUp.add(() => rmSync(folder, { recursive: true, force: true }))
  const emulator = await startVaults(surroundings, output)
  cleanUp.add(() => emulator.close())

  output.step('The webhook')
  const hasVolumes = mayHaveClassVolumes(template.pod)
  const webhook = await serveWebhook({
    emulator,
    folder: join(folder, 'webhook'),
    settings,
    objects: hasVolumes ? objects : undefined,
  })
  cleanUp.add(() => webhook.close())
  output.line(`serves TLS at https://localhost:${webhook.port}${webhook.path}`)
  if (hasVolumes)
    output.line('looks up SecretProviderClasses; here they come from the file, or are made up')

  const exitCode = await runSteps({
    template,
    agentEnv,
    emulator,
    webhook,
    root: join(folder, 'akv'),
    cleanUp,
    output,
  })
  if (keep) sayWhatIsKept(output, { root: join(folder, 'akv'), controlUrl: emulator.controlUrl })
  return exitCode
}

/**
 * If the caller's own file comes without vault data, whatever the pod lacks is made up. With vault data, everything
 * else has to be in the files.
 */
function surroundingsOf(
  template: PodTemplate,
  { found, options }: { readonly found: readonly FoundObject[]; readonly options: DemoOptions },
): Surroundings {
  const { file, vaultData } = options
  if (file !== undefined && vaultData === undefined) return makeUp(template, found)
  const data = readEmulatorData(vaultData ?? example('vault.yaml'))
  const { tenantId } = data
  const agentEnv = workloadIdentity(template, { objects: found, tenantId })
  return { data, objects: found, settings: {}, agentEnv, madeUp: [] }
}

async function startVaults({ data, madeUp }: Surroundings, output: DemoOutput): Promise<Emulator> {
  output.step('A vault')
  output.waiting('starting Entra and Key Vault')
  const emulator = await startEmulator({ data })
  output.line(`emulated Entra and Key Vault serve TLS at ${emulator.url}`)
  if (madeUp.length > 0) output.line('made up for this run, because there is no --vault-data:')
  for (const line of madeUp) output.quote(line)
  if (madeUp.length === 0)
    for (const { name, secrets } of data.vaults)
      output.line(`vault ${name}: ${secrets.map((secret) => secret.name).join(', ')}`)
  return emulator
}

function sayWhatIsKept(
  output: DemoOutput,
  { root, controlUrl }: { readonly root: string; readonly controlUrl: string },
): void {
  output.step('Everything keeps running until Ctrl-C')
  output.line(`the files      ${root}`)
  output.line(`rotate one     curl ${controlUrl}/rotate --json '{"vault":"…","name":"…"}'`)
}

/** The first pod that has annotations of ours or volumes of the Secrets Store CSI Driver. */
function firstRequesting(manifests: readonly Manifest[], file: string) {
  const templates = manifests.flatMap((manifest) => findPodTemplates(manifest, 'default'))
  const found = templates.find((pod) => isAnnotated(pod) || mayHaveClassVolumes(pod.pod))
  if (found === undefined)
    throw new InputError(
      `${file}: no pod or pod template has an ${annotationPrefix}… annotation or a volume of the Secrets Store CSI Driver`,
    )
  if (found.unquoted.length > 0)
    throw new InputError(`${found.title} would be denied`, describeProblems(found.unquoted))
  return found
}
