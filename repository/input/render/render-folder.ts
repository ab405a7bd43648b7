import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type ProgramEnd, runProgram } from '../../../command/run-program.ts'
import { printable } from '../../../lib/printable.ts'
import { FileError } from '../text/file-error.ts'
import type { RenderFolder } from '../text/find-files.ts'
import type { ChartSettings } from './chart-options.ts'
import { helmArguments, type Release } from './helm-arguments.ts'
import { anyFile } from './load-restrictors.ts'
import { type Overlay, writeOverlay } from './overlay.ts'

/** A folder that is rendered as a whole. */
export interface RenderRoot extends RenderFolder {
  /** `kustomization.yaml` or `Chart.yaml`. */
  readonly file: string
  /** The folders that are read to render it, itself included. */
  readonly reads: readonly string[]
  /** The files that are read to render it, as absolute paths. */
  readonly files?: ReadonlySet<string>
  /** Why it can't be rendered. */
  readonly errors?: readonly FileError[]
  /** Whether all files that kustomize loads are known, and so are in the repository. */
  readonly isWhollyKnown?: boolean
  /** What to render instead of the folder. */
  readonly overlay?: Overlay
  /** The release of a chart. */
  readonly release?: Release
  /** The namespace of objects that name none, if it isn't the one that the user chose. */
  readonly namespace?: string | undefined
  /** The folder whose definitions count for what is rendered, if it isn't the folder of `file`. */
  readonly environment?: string
  /** The values of placeholders in what is rendered. */
  readonly values?: ReadonlyMap<string, string>
}

export type RenderResult =
  | { readonly kind: 'rendered'; readonly text: string }
  | { readonly kind: 'failed'; readonly errors: readonly FileError[] }

type Run = Parameters<typeof runProgram>[1]

export interface ProgramOptions extends ChartSettings {
  /** The namespace of a chart's release. */
  readonly namespace: string
  /** The path of a new folder outside of the repository. */
  readonly scratch: string
}

/**
 * Renders a folder with the first of its programs that is installed. Nothing is rendered, and a sentence says so, if too little is
 * left of the bounds.
 */
export async function renderFolder(
  root: RenderRoot,
  options: ProgramOptions,
  run: Run,
): Promise<RenderResult> {
  const { path, errors = [], overlay } = root
  if (errors.length > 0) return { kind: 'failed', errors }
  if (run.maxBytes <= 0 || run.timeoutMs <= 0) return failure(path, stoppedSentence)
  if (overlay) writeOverlay(overlay, options.scratch)
  const folder = overlay ? options.scratch : resolve(path)
  return runPrograms({ ...root, folder }, { ...options, run })
}

const stoppedSentence =
  'was not rendered: rendering all folders takes too long or prints too much; pass fewer folders'

const failure = (source: string, sentence: string): RenderResult => ({
  kind: 'failed',
  errors: [new FileError({ source }, sentence)],
})

type Command = readonly [string, ...string[]]

/**
 * Commands to try in this order, until one whose program is installed. Paths are absolute, so that they can't be taken
 * for options.
 */
function commandsOf(
  { folder, kind, isWhollyKnown = false, release }: Folder,
  options: ProgramOptions,
): readonly Command[] {
  const { loadRestrictor } = options
  const loading = loadRestrictor && isWhollyKnown ? ['--load-restrictor', loadRestrictor] : []
  return kind === 'kustomization'
    ? [
        ['kustomize', 'build', folder, ...loading],
        ['kubectl', 'kustomize', folder, ...loading],
      ]
    : [['helm', 'template', ...helmArguments({ folder, release }, options)]]
}

/**
 * Makes the environment for the programs, with its folders in `scratch`. HOME is the user's, because the program may be a script that looks for the real one
 * there. Git refuses all protocols, and HTTP downloads go to a proxy that doesn't exist. References that would be
 * fetched have been refused before, so this is for any that we don't know of.
 */
export function environmentIn(scratch: string): NodeJS.ProcessEnv {
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

/** A folder to render. */
interface Folder extends RenderRoot {
  /** The absolute path of the folder, or of the one with its overlay. */
  readonly folder: string
}

async function runPrograms(
  folder: Folder,
  options: ProgramOptions & { readonly run: Run },
): Promise<RenderResult> {
  const commands = commandsOf(folder, options)
  for (const command of commands) {
    const end = await runProgram(command, options.run)
    if (end.kind === 'not-started' && end.code === 'ENOENT') continue
    return resultOf(command.slice(0, 2).join(' '), end, {
      ...options.run,
      path: folder.path,
      adviceFor: (stderr) => adviceFor(stderr, folder, options),
    })
  }
  const programs = commands.map(([program]) => program).join(' or ')
  return failure(
    folder.path,
    `can't be rendered, because ${programs} isn't on the PATH; install it`,
  )
}

function resultOf(
  command: string,
  end: ProgramEnd,
  {
    path,
    adviceFor,
    maxBytes,
    timeoutMs,
  }: Pick<Run, 'maxBytes' | 'timeoutMs'> & {
    readonly path: string
    readonly adviceFor: (stderr: string) => string
  },
): RenderResult {
  const failed = (sentence: string) => failure(path, sentence)
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
      return failed(`${command} ${how}${said === '' ? '' : `: ${said}`}${adviceFor(end.stderr)}`)
    }
    default:
      return end satisfies never
  }
}

/** What the user can do. The program says what is wrong, but not which option of ours helps. */
function adviceFor(
  stderr: string,
  { kind, release, isWhollyKnown = false }: Folder,
  { loadRestrictor }: ProgramOptions,
): string {
  if (kind === 'kustomization') {
    if (!/ is not in or below /.test(stderr)) return ''
    return isWhollyKnown && loadRestrictor !== anyFile
      ? `; to let kustomize load files of the whole repository, pass --load-restrictor ${anyFile}`
      : '; render the folder yourself, and pass the result'
  }
  if (/unknown flag: --skip-schema-validation/.test(stderr)) return '; Helm 3.16 or later is needed'
  if (release !== undefined) return ''
  return /requires kubeVersion/.test(stderr)
    ? "; pass your cluster's version with --kube-version"
    : '; if it lacks values, pass them to check with --values FILE'
}

/** Shortens a program's message to one printable line, without Helm's advice to use an option of Helm and its remarks on links. */
const firstLines = (text: string): string =>
  printable(
    text
      .slice(0, 16_384)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => !/^$|^Use --debug flag|: found symbolic link in path: /.test(line))
      .slice(0, 4)
      .join(' '),
    600,
  )
