import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { program, startsFast } from './start-fast/bundles.ts'

export const root = join(import.meta.dirname, '../..')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts the command line as a process of its own, from the project's folder. */
export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [...startsFast, program, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
  })
  const output = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (chunk) => {
      output[stream] += chunk
    })
  const ended = once(child, 'close').then(([code]): Ended => ({ code, ...output }))
  return { child, output, ended }
}

/** Runs the command line to its end. */
export async function run(
  args: readonly string[],
  {
    input = '',
    env = {},
  }: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Ended> {
  const { child, ended } = start(args, env)
  child.stdin.end(input)
  return await ended
}

/** An annotated pod, as JSON. */
export function podText(annotations: Readonly<Record<string, string>>, spec: object = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web',
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([key, value]) => [`akv-injector.io/${key}`, value]),
      ),
    },
    spec: { containers: [{ name: 'app', image: 'app' }], ...spec },
  })
}
