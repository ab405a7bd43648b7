import { mkdirSync, writeFileSync } from 'node:fs'
import jsonpatch from 'fast-json-patch'
import type { AgentConfig } from '../init-agent/contract.ts'
import { renderEnvFile } from '../init-agent/env-file.ts'
import { fetchOnce } from '../init-agent/fetch-once.ts'
import type { Log } from '../init-agent/log.ts'
import type { Credential } from '../init-agent/session.ts'
import { prepareFileSet } from '../init-agent/write-file-set.ts'
import { AkvError } from '../keyvault/errors.ts'
import type { Pod } from '../webhook/core/pod.ts'
import { describeProblem } from '../webhook/describe-problem.ts'
import { findAgent } from './describe-injection.ts'
import { developerSignIn } from './developer-sign-in.ts'
import type { ExitCode } from './exit-code.ts'
import { InputError } from './input-error.ts'
import { type PodTemplate, podTemplates, readManifests } from './manifests.ts'
import { policyFromEnvironment, reviewTemplate } from './review.ts'

export interface FetchOptions {
  readonly file: string
  readonly namespace: string
  /** The folder to write to. */
  readonly output: string
  /** Where to write the variables. Without it their names are told and their values go nowhere. */
  readonly variables?: string
  readonly federatedTokenFile?: string
  /** Which pod of the file: `Deployment/web`. */
  readonly pod?: string
}

/**
 * `akv-injector fetch`: writes what the agent of a pod would write, into a folder. Signs in with a federated token
 * file, else as the developer who is signed in to Azure.
 *
 * @throws InputError when the manifest or a setting is wrong
 */
export async function fetch(options: FetchOptions): Promise<ExitCode> {
  const config = configOf(templateOf(options))
  const tokenFile = options.federatedTokenFile ?? process.env['AZURE_FEDERATED_TOKEN_FILE']
  const credential: Credential =
    tokenFile === undefined ? { signIn: developerSignIn(config) } : { tokenFile }
  try {
    const { files, env } = await fetchOnce({
      config,
      credential,
      env: process.env,
      log: quietLog,
      signal: new AbortController().signal,
    })
    mkdirSync(options.output, { recursive: true })
    prepareFileSet(options.output, files).commit()
    for (const path of files.keys()) console.log(`${options.output}/${path}`)
    writeVariables(env, options.variables)
    return 0
  } catch (error) {
    if (!(error instanceof AkvError)) throw error
    // The table's remedies are for pods; a developer without an identity has been told another.
    const isTold = error.code === 'AKV_IDENTITY_MISSING' && tokenFile === undefined
    console.error(
      [`${error.code}: ${error.message}`, ...(isTold ? [] : [error.facts.remedy])].join('\n'),
    )
    return error.facts.exitCode
  }
}

function templateOf({ file, namespace, pod }: FetchOptions): PodTemplate {
  const templates = readManifests([file])
    .flatMap((manifest) => podTemplates(manifest, namespace))
    .filter(({ title }) => pod === undefined || title === pod)
  const [template, ...others] = templates
  if (template === undefined)
    throw new InputError(`${file}: there is no ${pod ?? 'pod and no pod template'} here`)
  if (others.length === 0) return template
  const titles = templates.map(({ title }) => title)
  throw new InputError(`${file} has several pods; name one with --pod: ${titles.join(', ')}`)
}

function configOf(template: PodTemplate): AgentConfig {
  const outcome = reviewTemplate(template, policyFromEnvironment())
  switch (outcome.kind) {
    case 'injected': {
      const operations = structuredClone([...outcome.operations])
      const pod = jsonpatch.applyPatch(structuredClone(template.pod), operations).newDocument
      return findAgent(pod as unknown as Pod).config
    }
    case 'skipped':
      if (outcome.reason === 'complete') return findAgent(template.pod as unknown as Pod).config
      throw new InputError(`${template.title}: its annotations ask for nothing`)
    case 'denied':
      throw new InputError(
        `${template.title} would be denied\n${outcome.problems.map((problem) => `  ${describeProblem(problem)}`).join('\n')}`,
      )
    default:
      return outcome satisfies never
  }
}

function writeVariables(env: ReadonlyMap<string, Uint8Array>, file?: string): void {
  if (env.size === 0) return
  if (file === undefined) {
    console.log(`variables, not written without --variables: ${[...env.keys()].join(', ')}`)
    return
  }
  writeFileSync(file, renderEnvFile(env), { mode: 0o600 })
  console.log(`${file}: ${[...env.keys()].join(', ')}`)
}

/** Somebody waits at a terminal: what is being waited out, and nothing else. */
const quietLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (message) => console.error(message),
  error: (message) => console.error(message),
}
