import type { ExitCode } from '../../command/exit-code.ts'
import { InputError } from '../../command/input-error.ts'
import { openPrivateFolder } from '../../command/private-folder.ts'
import type { Credential } from '../../delivery/session/session.ts'
import { fetchOnce } from '../../init-agent/fetch/fetch-once.ts'
import { renderEnvFile } from '../../init-agent/volume/env-file.ts'
import { sweepFileSets } from '../../init-agent/volume/read-file-set.ts'
import { prepareFileSet } from '../../init-agent/volume/write-file-set.ts'
import { takeEnvironment } from '../../keyvault/entra/sdk-environment.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log/log.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'
import { outputFiles } from './output-files.ts'
import { type PodChoice, podConfig } from './pod-config.ts'
import { checkPrivateFile, writePrivateFile } from './private-file.ts'
import { signInAsDeveloper } from './sign-in-as-developer.ts'

interface FetchOptions extends PodChoice {
  /** The folder to write to; required. Other users must have no access to it. */
  readonly output?: string
  /** Where to write the variables. Without it only their names are printed. */
  readonly variables?: string
  readonly federatedTokenFile?: string
}

/**
 * `akv-injector fetch`: writes the files of a pod to a folder, as its agent would. Signs in with a federated token
 * file if there is one, otherwise as the developer who is signed in to Azure.
 *
 * @throws InputError when the manifest or a setting is invalid
 */
export async function fetch(options: FetchOptions): Promise<ExitCode> {
  const config = podConfig(options)
  const { output } = options
  const folder = folderFor(options)
  const tokenFile =
    options.federatedTokenFile || process.env['AZURE_FEDERATED_TOKEN_FILE'] || undefined
  const credential: Credential =
    tokenFile === undefined ? { signIn: signInAsDeveloper(config) } : { tokenFile }
  try {
    const fetched = await fetchOnce({
      config,
      credential,
      // `az` needs the developer's own environment; a federated token doesn't.
      env: tokenFile === undefined ? process.env : takeEnvironment(),
      log: quietLog,
      signal: new AbortController().signal,
    })
    const files = outputFiles(fetched, config)
    prepareFileSet(folder, files).commit()
    // In a pod, containers may still read the previous set. Nothing does so on a laptop, so old secrets don't stay on
    // it.
    sweepFileSets(folder)
    printLines(
      process.stdout,
      [...files.keys()].map((path) => `${output}/${path}`),
    )
    writeVariables(fetched.env, options.variables)
    return 0
  } catch (error) {
    if (isFileError(error)) {
      printLines(process.stderr, [cannotWrite(error, options)])
      return 1
    }
    if (!(error instanceof AkvError)) throw error
    // The error table's remedies are for pods; the message already tells a developer how to sign in.
    const isExplained = error.code === 'AKV_IDENTITY_MISSING' && tokenFile === undefined
    printError(error, { withRemedy: !isExplained })
    return error.facts.exitCode
  }
}

function printError(error: AkvError, { withRemedy }: { readonly withRemedy: boolean }): void {
  const lines = error.kinds.flatMap(({ code, message, facts }) => [
    `${code}: ${message}`,
    ...(withRemedy ? [facts.remedy] : []),
  ])
  printLines(process.stderr, lines)
}

/** Checks the outputs before anything is fetched, so that a fetch doesn't fail at its last step. */
function folderFor(options: FetchOptions): string {
  const { output, variables } = options
  if (output === undefined) throw new InputError('pass the folder to write to: --output DIR')
  try {
    if (variables !== undefined) checkPrivateFile(variables)
    return openPrivateFolder(output)
  } catch (error) {
    if (!isFileError(error)) throw error
    throw new InputError(cannotWrite(error, options))
  }
}

const cannotWrite = (error: NodeJS.ErrnoException, { output }: FetchOptions): string =>
  `${error.path ?? output}: cannot be written (${error.code})`

const isFileError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && !(error instanceof AkvError) && 'syscall' in error && 'code' in error

function writeVariables(env: ReadonlyMap<string, Uint8Array>, file?: string): void {
  if (env.size === 0) return
  if (file === undefined) {
    printLines(process.stdout, [
      `variables, not written without --variables: ${[...env.keys()].join(', ')}`,
    ])
    return
  }
  writePrivateFile(file, renderEnvFile(env))
  printLines(process.stdout, [`${file}: ${[...env.keys()].join(', ')}`])
}

/** A log with only warnings and errors, such as the reason for a pause, because somebody waits at a terminal. */
const quietLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (message) => printLines(process.stderr, [message]),
  error: (message) => printLines(process.stderr, [message]),
}
