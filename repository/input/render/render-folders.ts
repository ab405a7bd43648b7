import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type ProgramEnd, runProgram } from '../../../command/run-program.ts'
import { printable } from '../../../lib/printable.ts'
import { createProgress } from '../../../lib/terminal/terminal-progress.ts'
import { FileError } from '../text/file-error.ts'
import type { RenderFolder } from '../text/find-files.ts'
import { renderedSource } from '../text/rendered-source.ts'
import type { RefusedFolder } from './refused.ts'

/** A folder that is rendered as a whole. */
export interface RenderRoot extends RenderFolder {
  /** `kustomization.yaml` or `Chart.yaml`. */
  readonly file: string
  /** The folders that are read to render it, itself included. */
  readonly reads: readonly string[]
  /** Whether kustomize may load files from anywhere, because all of them are known to be in the repository. */
  readonly readsRepository?: boolean
}

/** The output of a program, which is read like a file. */
interface Rendered {
  readonly root: RenderRoot
  readonly source: string
  readonly text: string
}

interface RenderOptions {
  /** The namespace of a chart's release. */
  readonly namespace: string
  /** Files with values for charts. */
  readonly values: readonly string[]
  /** Shows no progress. */
  readonly quiet?: boolean
  readonly bounds?: RenderBounds
}

interface RenderBounds {
  /** The limit for one folder. */
  readonly maxBytes: number
  readonly timeoutMs: number
  /** The limit for all folders together. */
  readonly maxTotalBytes: number
  readonly totalMs: number
}

const mebibyte = 1024 * 1024
const defaultBounds: RenderBounds = {
  maxBytes: 64 * mebibyte,
  timeoutMs: 60_000,
  maxTotalBytes: 256 * mebibyte,
  totalMs: 600_000,
}

/**
 * Renders folders with the programs on the PATH, one after another. Nothing is fetched and no plugin runs. The programs get none
 * of our environment but PATH and HOME, because a Kustomize folder can read variables.
 */
export async function* renderFolders(
  roots: readonly RenderRoot[],
  { namespace, values, quiet = false, bounds = defaultBounds }: RenderOptions,
): AsyncGenerator<Rendered | RefusedFolder> {
  if (roots.length === 0) return
  const { maxBytes, timeoutMs, maxTotalBytes, totalMs } = bounds
  const scratch = mkdtempSync(join(tmpdir(), 'akv-injector-'))
  const env = environmentIn(scratch)
  const end = performance.now() + totalMs
  const progress = createProgress()
  let bytes = 0
  try {
    for (const [i, root] of roots.entries()) {
      const left = { maxBytes: maxTotalBytes - bytes, timeoutMs: end - performance.now() }
      if (left.maxBytes <= 0 || left.timeoutMs <= 0) {
        const sentence = stoppedSentence(roots.length - i)
        for (const left of roots.slice(i)) yield refusal(left, sentence)
        return
      }
      if (!quiet) progress.show(`rendering ${root.path}, ${i + 1} of ${roots.length}`)
      const result = await renderFolder(commandsOf(root, { namespace, values }), {
        env,
        maxBytes: Math.min(maxBytes, left.maxBytes),
        timeoutMs: Math.min(timeoutMs, left.timeoutMs),
      })
      if (result.kind === 'failed') yield refusal(root, result.sentence)
      else {
        bytes += Buffer.byteLength(result.text)
        yield { root, source: renderedSource(root.file), text: result.text }
      }
    }
  } finally {
    progress.hide()
    rmSync(scratch, { recursive: true, force: true })
  }
}

const refusal = ({ path, kind, reads }: RenderRoot, sentence: string): RefusedFolder => ({
  path,
  kind,
  reads,
  errors: [new FileError({ source: path }, sentence)],
})

const stoppedSentence = (count: number): string =>
  `was not rendered: rendering all folders takes too long or prints too much, and ${count} are left; pass fewer folders`

type Command = readonly [string, ...string[]]

/**
 * Commands to try in this order, until one whose program is installed. Paths are absolute, so that they can't be taken
 * for options.
 */
function commandsOf(
  { path, kind, readsRepository }: RenderRoot,
  { namespace, values }: Pick<RenderOptions, 'namespace' | 'values'>,
): readonly Command[] {
  const folder = resolve(path)
  const loading = readsRepository ? ['--load-restrictor', 'LoadRestrictionsNone'] : []
  return kind === 'kustomization'
    ? [
        ['kustomize', 'build', folder, ...loading],
        ['kubectl', 'kustomize', folder, ...loading],
      ]
    : [['helm', 'template', folder, '--namespace', namespace, ...values.map(valuesOption)]]
}

/** Helm parses the option's value as a line of CSV. */
const valuesOption = (file: string): string => `--values="${resolve(file).replaceAll('"', '""')}"`

/**
 * The environment for a program. HOME is the user's, because the program may be a script that looks for the real one
 * there. Git refuses all protocols, and HTTP downloads go to a proxy that doesn't exist. References that would be
 * fetched have been refused before, so this is for any that we don't know of.
 */
function environmentIn(scratch: string): NodeJS.ProcessEnv {
  const folders = Object.fromEntries(
    [
      'HELM_PLUGINS',
      'HELM_CACHE_HOME',
      'HELM_CONFIG_HOME',
      'HELM_DATA_HOME',
      'XDG_CONFIG_HOME',
      'KUSTOMIZE_PLUGIN_HOME',
      'TMPDIR',
    ].map((name) => [name, join(scratch, name)]),
  )
  for (const folder of Object.values(folders)) mkdirSync(folder)
  const nowhere = 'http://127.0.0.1:1'
  return {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    ...folders,
    KUBECONFIG: '/dev/null',
    GIT_ALLOW_PROTOCOL: 'none',
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
  }
}

type RenderResult =
  | { readonly kind: 'rendered'; readonly text: string }
  | { readonly kind: 'failed'; readonly sentence: string }

async function renderFolder(
  commands: readonly Command[],
  options: Parameters<typeof runProgram>[1],
): Promise<RenderResult> {
  for (const command of commands) {
    const end = await runProgram(command, options)
    if (end.kind === 'not-started' && end.code === 'ENOENT') continue
    return resultOf(command.slice(0, 2).join(' '), end, options)
  }
  const programs = commands.map(([program]) => program).join(' or ')
  return failed(`can't be rendered, because ${programs} isn't on the PATH; install it`)
}

const failed = (sentence: string): RenderResult => ({ kind: 'failed', sentence })

function resultOf(
  command: string,
  end: ProgramEnd,
  { maxBytes, timeoutMs }: Pick<RenderBounds, 'maxBytes' | 'timeoutMs'>,
): RenderResult {
  switch (end.kind) {
    case 'not-started':
      return failed(`can't be rendered, because ${command} can't be started (${end.code})`)
    case 'timeout':
      return failed(`${command} didn't end within ${Math.round(timeoutMs / 1000)} s`)
    case 'too-large':
      return failed(`${command} printed more than ${Math.round(maxBytes / 1024)} KiB`)
    case 'ended': {
      if (end.code === 0) return { kind: 'rendered', text: end.stdout }
      const how = end.code === null ? 'was ended by a signal' : `failed with exit code ${end.code}`
      const said = firstLines(end.stderr)
      return failed(`${command} ${how}${said === '' ? '' : `: ${said}`}`)
    }
    default:
      return end satisfies never
  }
}

/** Shortens a program's message to one printable line. */
const firstLines = (text: string): string =>
  printable(
    text
      .slice(0, 16_384)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .slice(0, 4)
      .join(' '),
    600,
  )
