/** How the agent's process was started, and what it needs to start as another form of itself. */
export interface Program {
  /** The file that Node runs. */
  readonly path: string
  /** The folder that contains the mounts. */
  readonly root: string
  readonly terminationLog: string
  /** The whole environment, as the container has it. */
  readonly env: Readonly<NodeJS.ProcessEnv>
}

/**
 * V8 compiles nothing to machine code and collects no feedback for it. Both grow over hours of refreshes, and then hold more
 * memory than the agent's data. Only the start of a process can set this: NODE_OPTIONS doesn't accept it.
 */
const withGc = '--expose-gc'
export const liteFlags: readonly string[] = ['--lite-mode', withGc]

/** Node strips types with WebAssembly, which lite mode doesn't have, so sources do without it. */
const flagsFor = (path: string): readonly string[] => (path.endsWith('.ts') ? [withGc] : liteFlags)

/** As in the image's entry point. Each Node that has `process.execve` knows it. */
const withoutDebugger = '--disable-sigusr1'

/** Whether this process has replaced another one. */
export const isReplaced = (): boolean => process.execArgv.includes(withGc)

/** `process.execve` is experimental, and missing on Windows and in Node 22. */
export const canReplaceProcess = (): boolean => process.execve !== undefined

/**
 * `afterMs`: when the new process resumes the work, or stops waiting. `thenAfterMs`: when the agent that replaces a
 * waiting process resumes its work. `seen`: the mark of the last request for a refresh. `requestedAfterMs`: when the agent
 * refreshes because somebody has asked for it.
 */
type NextForm = { readonly afterMs: number; readonly seen: string | undefined } & (
  | { readonly form: 'agent'; readonly requestedAfterMs?: number | undefined }
  | { readonly form: 'waiting'; readonly thenAfterMs: number }
)

const written = (ms: number): string => String(Math.max(0, Math.round(ms)))

/**
 * Replaces this process by an agent that resumes its work in `afterMs`, or by a process that only waits until then and
 * holds less memory. The process ID, the cgroup and the output stay. Standard input stays, too, and hands over
 * (handover.ts). If the kernel refuses, Node aborts, which can't be caught. A signal that arrives before Node handles
 * it in the new program, some milliseconds later, is lost if this is the first process of a container, and ends it
 * otherwise (stop-signals.ts).
 */
export function replaceProcess(
  { path, root, terminationLog, env }: Program,
  next: NextForm,
): never {
  const { form, afterMs } = next
  const flags = ['--root', root, '--termination-log', terminationLog]
  const resume = ['--resume-after', written(afterMs)]
  const wait = form === 'waiting' ? ['--wait', '--then-after', written(next.thenAfterMs)] : []
  const args = ['agent', ...flags, ...resume, ...wait, ...requestFlags(next)]
  if (process.execve === undefined) throw new TypeError('this Node has no process.execve')
  const nodeFlags = [withoutDebugger, ...flagsFor(path)]
  return process.execve(process.execPath, [process.execPath, ...nodeFlags, path, ...args], env)
}

function requestFlags(next: NextForm): readonly string[] {
  const requestedAfterMs = next.form === 'agent' ? next.requestedAfterMs : undefined
  return [
    ...(next.seen === undefined ? [] : ['--seen', next.seen]),
    ...(requestedAfterMs === undefined ? [] : ['--requested-after', written(requestedAfterMs)]),
  ]
}
