import { describeObject } from '../../keyvault/reference.ts'
import { AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import type {
  AgentConfig,
  WantedFile,
  WantedTemplate,
  WantedValue,
  WantedVariable,
} from '../contract.ts'
import { claimedPaths } from '../target-path.ts'
import { envValueProblem } from './env-value-problem.ts'
import type { FetchOutcome, FetchOutcomes } from './fetch-objects.ts'
import type { FileSet, SetFile } from './file-set.ts'
import {
  createRenderContext,
  type RenderContext,
  renderFiles,
  renderValue,
} from './render-files.ts'
import { objectKey, segmentValues } from './wanted-objects.ts'

/** What the pod gets: files by path, and values by variable, in the configuration's order. */
export interface Content {
  readonly files: FileSet
  readonly env: ReadonlyMap<string, Uint8Array>
}

export const noContent: Content = { files: new Map(), env: new Map() }

export interface Projection {
  readonly content: Content
  /** One for each target that did not get a value of this round, though it should have. */
  readonly problems: readonly TargetProblem[]
}

export interface TargetProblem {
  /** The object's `objectKey`. */
  readonly key: string
  readonly error: AkvError
}

interface Round {
  readonly config: AgentConfig
  /** Of this round, by `objectKey`; an object that wasn't asked for has none. */
  readonly outcomes: FetchOutcomes
  /** What the pod has. */
  readonly before: Content
  /** What templates were last filled with, by `objectKey`; after a restart nobody knows. */
  readonly last?: TemplateValues
  readonly context: RenderContext
}

/** What a caller may bound: how many properties "#*" may find, and what CPU time the round may cost. */
export type RoundBounds = Partial<Pick<RenderContext, 'maxProperties' | 'budget'>>

export type TemplateValues = ReadonlyMap<string, Found>

/**
 * What the pod is to have after a round. A target whose object gave nothing new, or nothing that can be made into what
 * is wanted, keeps what it had, and so does one whose object is gone, unless `onDeleted` says to remove it (files only:
 * a process keeps its environment anyway).
 */
export async function projectContent(
  config: AgentConfig,
  round: Omit<Round, 'config' | 'context'> & RoundBounds,
): Promise<Projection> {
  const context = createRenderContext(round)
  const all = { ...round, config, context }
  const settled: Settled[] = []
  // One after the other, as several at a time would keep everything else waiting for all of them.
  for (const settle of [
    ...config.files.map((file) => () => settleFile(file, all)),
    ...config.templates.map((template) => () => settleTemplate(template, all)),
    ...config.env.map((entry) => () => settleVariable(entry, all)),
  ]) {
    await context.budget.yieldIfDue()
    settled.push(await settle())
  }
  return {
    content: {
      files: new Map(settled.flatMap(({ files = [] }) => [...files])),
      env: new Map(settled.flatMap(({ env = [] }) => [...env])),
    },
    problems: settled.flatMap(({ problems }) => problems),
  }
}

interface Settled {
  readonly files?: FileSet
  readonly env?: ReadonlyMap<string, Uint8Array>
  readonly problems: readonly TargetProblem[]
}

/** What came of one value in this round. */
type Result<T> =
  | { readonly kind: 'rendered'; readonly value: T }
  | { readonly kind: 'unasked' }
  | { readonly kind: 'absent' | 'failed'; readonly problem: TargetProblem }

async function settleFile(file: WantedFile, round: Round): Promise<Settled> {
  const { config, before } = round
  const result = await render(file, round, (found) => renderFiles(file, found, round.context))
  const old = filesOf(file, before.files)
  if (result.kind === 'unasked') return { files: old, problems: [] }
  if (result.kind === 'rendered') {
    const mode = Number.parseInt(file.mode ?? config.fileMode, 8)
    const files = [...result.value].map(([path, bytes]) => [path, { bytes, mode }] as const)
    return { files: new Map(files), problems: [] }
  }
  if (result.kind === 'absent' && config.onDeleted === 'remove') return { problems: [] }
  return { files: old, problems: missed(file, { result, isMissed: old.size > 0 }) }
}

/** A template is of one round, whole: what can't be filled now stays as it is. */
async function settleTemplate(template: WantedTemplate, round: Round): Promise<Settled> {
  const { config, before } = round
  const pieces: Piece[] = []
  for (const segment of template.segments) pieces.push(await fill(segment, round))
  const old = before.files.get(template.path)
  const files = old === undefined ? noContent.files : new Map([[template.path, old]])
  if (config.onDeleted === 'remove' && pieces.some(({ kind }) => kind === 'absent'))
    return { problems: [] }
  const problems = pieces.flatMap((piece) => ('problem' in piece ? [piece.problem] : []))
  if (problems.length > 0) return { files, problems }
  if (pieces.some(({ kind }) => kind === 'unasked')) return { files, problems: [] }
  const bytes = Buffer.concat(pieces.flatMap((piece) => ('value' in piece ? [piece.value] : [])))
  const file: SetFile = { bytes, mode: Number.parseInt(config.fileMode, 8) }
  const kept = pieces.flatMap((piece) => ('keptFor' in piece ? [piece.keptFor] : []))
  return { files: new Map([[template.path, file]]), problems: kept }
}

type Piece = Result<Uint8Array> & { readonly keptFor?: TargetProblem }

/** An optional value that is absent leaves its place empty; one that was there is kept, as `onDeleted` has it. */
async function fill(segment: string | WantedValue, round: Round): Promise<Piece> {
  if (typeof segment === 'string') return { kind: 'rendered', value: Buffer.from(segment) }
  const toValue = ([object]: Found) => renderValue(segment, object, round.context)
  const result = await render(segment, round, toValue)
  if (result.kind !== 'absent' || segment.optional !== true) return result
  const last = round.last?.get(objectKey(segment.object))
  return last === undefined || round.config.onDeleted === 'remove'
    ? { kind: 'rendered', value: Buffer.of() }
    : { kind: 'rendered', value: await toValue(last), keptFor: result.problem }
}

/** What the templates' values are now, as far as it was found in this round. */
export function templateValuesOf(
  { templates }: AgentConfig,
  { outcomes, before }: { readonly outcomes: FetchOutcomes; readonly before: TemplateValues },
): TemplateValues {
  const templateValues = new Map(before)
  for (const { object } of templates.flatMap(({ segments }) => segmentValues(segments))) {
    const outcome = outcomes.get(objectKey(object))
    if (outcome?.kind === 'fetched') templateValues.set(objectKey(object), outcome.found)
  }
  return templateValues
}

async function settleVariable(entry: WantedVariable, round: Round): Promise<Settled> {
  const { variable } = entry
  const old = round.before.env.get(variable)
  const kept = old === undefined ? noContent.env : new Map([[variable, old]])
  const result = expressible(
    entry,
    await render(entry, round, ([object]) => renderValue(entry, object, round.context)),
  )
  if (result.kind === 'unasked') return { env: kept, problems: [] }
  if (result.kind === 'rendered') return { env: new Map([[variable, result.value]]), problems: [] }
  return { env: kept, problems: missed(entry, { result, isMissed: kept.size > 0 }) }
}

/** What EnvFiles can't say counts as failed; an empty value, where that is allowed, as absent. */
function expressible(
  { variable, object, optional }: WantedVariable,
  result: Result<Uint8Array>,
): Result<Uint8Array> {
  if (result.kind !== 'rendered') return result
  const reason = envValueProblem(variable, result.value)
  if (reason === undefined) return result
  const isAbsent = optional === true && result.value.length === 0
  const message = `variable ${variable}: the value of ${describeObject(object)} ${reason}`
  const error = new AkvError({ code: 'AKV_ENV_VALUE', message })
  return { kind: isAbsent ? 'absent' : 'failed', problem: { key: objectKey(object), error } }
}

/** Being absent is no problem where it is allowed and nothing is kept of before. */
function missed(
  { optional }: WantedValue,
  {
    result,
    isMissed,
  }: {
    readonly result: Extract<Result<unknown>, { problem: unknown }>
    readonly isMissed: boolean
  },
): readonly TargetProblem[] {
  return result.kind === 'failed' || optional !== true || isMissed ? [result.problem] : []
}

type Found = Extract<FetchOutcome, { kind: 'fetched' }>['found']

async function render<T>(
  wanted: WantedValue & Pick<WantedFile, 'versions'>,
  { outcomes }: Round,
  toValue: (found: Found) => Promise<T>,
): Promise<Result<T>> {
  const key = objectKey(wanted.object, wanted)
  const outcome = outcomes.get(key)
  if (outcome === undefined) return { kind: 'unasked' }
  if (outcome.kind !== 'fetched')
    return { kind: outcome.kind, problem: { key, error: outcome.error } }
  try {
    return { kind: 'rendered', value: await toValue(outcome.found) }
  } catch (thrown) {
    const error = toAkvError(thrown)
    // "?" says that what is named may be absent, and a property is named too.
    const isAbsent = wanted.optional === true && error.code === 'AKV_PROPERTY_ABSENT'
    return { kind: isAbsent ? 'absent' : 'failed', problem: { key, error } }
  }
}

/** The files that a target has now. */
function filesOf(file: WantedFile, files: FileSet): FileSet {
  if (file.property !== '*')
    return new Map([...claimedPaths(file)].flatMap((path) => entryOf(path, files)))
  return new Map([...files].filter(([path]) => path.startsWith(`${file.path}/`)))
}

function entryOf(path: string, files: FileSet): readonly (readonly [string, SetFile])[] {
  const file = files.get(path)
  return file === undefined ? [] : [[path, file]]
}
