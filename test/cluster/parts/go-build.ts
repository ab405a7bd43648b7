import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface GoBuildOptions {
  /** Of the go.mod. */
  readonly folder: string
  readonly target: string
  readonly output: string
  /** Comma-separated. */
  readonly tags: string
  readonly linkerFlags: string
  readonly env: Environment
}
type Environment = Readonly<Record<string, string | undefined>>

/** Why nothing can be built with Go here, or undefined. */
export async function goProblem(env: Environment): Promise<string | undefined> {
  const { code } = await runGo(['version'], { env })
  if (code === 0) return undefined
  return code === null ? 'the program `go` is not in PATH' : '`go version` fails'
}

/** @returns what Go had to complain of, or undefined when it is built */
export async function goBuild(options: GoBuildOptions): Promise<string | undefined> {
  const { folder, target, output, tags, linkerFlags, env } = options
  // Static, so that a cache may be carried from one machine to another.
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
  return code === 0 ? undefined : complaint.trim().split('\n').slice(-complaintLines).join('\n')
}

async function runGo(
  args: readonly string[],
  { env, folder }: { readonly env: Environment; readonly folder?: string },
): Promise<{ code: number | null; complaint: string }> {
  const go = spawn('go', args, {
    env,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    // Unlike `timeout`, this keeps nobody waiting when there is no Go.
    signal: AbortSignal.timeout(timeoutMs),
  })
  let complaint = ''
  go.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaint += chunk
  })
  try {
    const [code] = await once(go, 'close')
    return { code, complaint }
  } catch (error) {
    return { code: null, complaint: `${complaint}\n${error}` }
  }
}

const complaintLines = 20
/** An hour, as Kubernetes has to be downloaded first, on whatever network there is. */
const timeoutMs = 3_600_000
