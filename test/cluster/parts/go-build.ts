import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'

export interface GoBuildOptions {
  /** The folder of the go.mod. */
  readonly folder: string
  readonly target: string
  readonly output: string
  /** Comma-separated. */
  readonly tags: string
  readonly linkerFlags: string
  readonly env: Environment
}
type Environment = Readonly<Record<string, string | undefined>>

/** Returns the reason why Go can't be used here, or undefined. */
export async function goProblem(env: Environment): Promise<string | undefined> {
  const { code } = await runGo(['version'], { env })
  if (code === 0) return undefined
  return code === null ? 'the program `go` is not in PATH' : '`go version` fails'
}

/** @returns the last lines of Go's errors, or undefined if the build succeeded */
export async function goBuild(options: GoBuildOptions): Promise<string | undefined> {
  const { folder, target, output, tags, linkerFlags, env } = options
  // Static, so that the cache can be copied to another machine.
  const { code, complaint } = await runGo(
    [
      'build',
      '-trimpath',
      '-buildvcs=false',
      '-tags',
      tags,
      '-ldflags',
      linkerFlags,
      '-o',
      output,
      target,
    ],
    { env: { ...env, CGO_ENABLED: '0' }, folder },
  )
  return code === 0 ? undefined : lastComplaint(complaint)
}

/** Builds a program without a go.mod of ours into GOBIN. @returns as {@link goBuild} does */
export async function goInstall(target: string, env: Environment): Promise<string | undefined> {
  const { code, complaint } = await runGo(['install', target], {
    env: { ...env, CGO_ENABLED: '0' },
  })
  return code === 0 ? undefined : lastComplaint(complaint)
}

/** Downloads a Go module, and returns the folder of its files and their hash, or why that failed. */
export async function goDownload(
  module: string,
  env: Environment,
): Promise<Parsed<{ readonly Dir: string; readonly Sum: string }>> {
  const { code, output, complaint } = await runGo(['mod', 'download', '-json', module], { env })
  // Go writes an error of the download into its JSON.
  return code === 0 ? valid(JSON.parse(output)) : invalid(lastComplaint(output + complaint))
}

const lastComplaint = (complaint: string) =>
  complaint.trim().split('\n').slice(-complaintLines).join('\n')

async function runGo(
  args: readonly string[],
  { env, folder }: { readonly env: Environment; readonly folder?: string },
): Promise<{ code: number | null; output: string; complaint: string }> {
  const go = spawn('go', args, {
    env,
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Unlike `timeout`, this doesn't delay our exit if Go isn't installed.
    signal: AbortSignal.timeout(timeoutMs),
  })
  let output = ''
  let complaint = ''
  go.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  go.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaint += chunk
  })
  try {
    const [code] = await once(go, 'close')
    return { code, output, complaint }
  } catch (error) {
    return { code: null, output, complaint: `${complaint}\n${error}` }
  }
}

const complaintLines = 20
/** An hour, because Go downloads Kubernetes first, perhaps over a slow network. */
const timeoutMs = 3_600_000
