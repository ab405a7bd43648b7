import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { maxProgramMs } from '../../../command/run-program.ts'
import { createProgress } from '../../../lib/terminal/terminal-progress.ts'
import { renderedFor, renderedSource } from '../text/rendered-source.ts'
import { type RefusedFolder, tooMany } from './refused.ts'
import {
  environmentIn,
  type ProgramOptions,
  type RenderResult,
  type RenderRoot,
  renderFolder,
} from './render-folder.ts'

/** The output of a program, which is read like a file. */
export interface Rendered {
  readonly root: RenderRoot
  readonly source: string
  readonly text: string
}

export interface RenderOptions extends Omit<ProgramOptions, 'scratch'> {
  /** Shows no progress. */
  readonly quiet?: boolean
  /** Returns the folders to render next, because of what became of one, or after all others. */
  readonly follow?: (result: Rendered | RefusedFolder | 'end') => readonly RenderRoot[]
  readonly bounds?: RenderBounds
}

interface RenderBounds {
  /** The limit for one folder. */
  readonly maxBytes: number
  readonly timeoutMs: number
  /** The limit for all folders together. */
  readonly maxTotalBytes: number
  readonly totalMs: number
  /** With those that others name. */
  readonly maxFolders: number
}

const mebibyte = 1024 * 1024
const defaultBounds: RenderBounds = {
  maxBytes: 64 * mebibyte,
  timeoutMs: maxProgramMs,
  maxTotalBytes: 256 * mebibyte,
  totalMs: 600_000,
  maxFolders: 1000,
}

/**
 * Renders folders with the programs on the PATH, two at a time, and yields the results in the order of the folders. Nothing
 * is fetched and no plugin runs. The programs get none of our environment but PATH and HOME, because a Kustomize folder
 * can read variables.
 */
export async function* renderFolders(
  roots: readonly RenderRoot[],
  options: RenderOptions,
): AsyncGenerator<Rendered | RefusedFolder> {
  const { quiet = false, bounds = defaultBounds, follow = () => [] } = options
  const queue: RenderRoot[] = []
  /** Adds folders, and returns those that are too many. */
  const add = (next: readonly RenderRoot[]): readonly RefusedFolder[] => {
    const room = Math.max(0, bounds.maxFolders - queue.length)
    queue.push(...next.slice(0, room))
    return next.slice(room).map(({ path, kind, reads }) => ({
      ...{ path, kind, reads },
      errors: [tooMany(path, bounds.maxFolders)],
    }))
  }
  yield* add(roots.length > 0 ? roots : follow('end'))
  if (queue.length === 0) return
  const scratch = mkdtempSync(join(tmpdir(), 'akv-injector-'))
  const env = environmentIn(scratch)
  const end = performance.now() + bounds.totalMs
  const progress = createProgress()
  const started: Promise<RenderResult>[] = []
  let bytes = 0
  const start = (i: number) => {
    const root = queue[i]
    if (root === undefined || started[i] !== undefined) return
    const left = { maxBytes: bounds.maxTotalBytes - bytes, timeoutMs: end - performance.now() }
    started[i] = renderFolder(
      root,
      { ...options, scratch: join(scratch, `${i}`) },
      {
        env,
        maxBytes: Math.min(bounds.maxBytes, left.maxBytes),
        timeoutMs: Math.min(bounds.timeoutMs, left.timeoutMs),
      },
    )
  }
  try {
    for (let i = 0; i < queue.length; i++) {
      const root = queue[i] as RenderRoot
      if (!quiet) progress.show(`rendering ${root.path}, ${i + 1} of ${queue.length}`)
      start(i)
      start(i + 1)
      const result = await (started[i] as Promise<RenderResult>)
      const done: Rendered | RefusedFolder =
        result.kind === 'failed'
          ? { ...root, errors: result.errors }
          : { root, source: sourceOf(root), text: result.text }
      if ('text' in done) bytes += Buffer.byteLength(done.text)
      const followed = follow(done)
      const isLast = i + 1 === queue.length && followed.length === 0
      const next = isLast ? follow('end') : followed
      yield done
      yield* add(next)
    }
  } finally {
    await Promise.allSettled(started)
    progress.hide()
    rmSync(scratch, { recursive: true, force: true })
  }
}

const sourceOf = ({ file, path, environment }: RenderRoot): string =>
  environment === undefined ? renderedSource(file) : renderedFor(file, path, environment)
