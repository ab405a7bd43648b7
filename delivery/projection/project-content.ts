import { describeObject } from '../../keyvault/reference.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import type { AgentConfig, WantedTemplate, WantedValue, WantedVariable } from '../contract.ts'
import {
  claimedKeys,
  type Destination,
  destinationKey,
  fileDestination,
  partOf,
  type Target,
  type Targets,
  targetsOf,
} from '../destination.ts'
import { envValueProblem } from './env-value-problem.ts'
import type { FetchOutcomes, FoundVersions } from './fetch-objects.ts'
import { heldPasswords } from './hold-passwords.ts'
import { createRenderContext, type RenderContext } from './render/render-context.ts'
import { renderParts, renderValue } from './render/render-parts.ts'
import { type RenderedValue, renderFetched, type TargetProblem } from './render-fetched.ts'
import { noSources, type Sources, sourcesOf, type TargetSources } from './target-sources.ts'
import { objectKey, segmentValues } from './wanted-objects.ts'

/** What a projection needs of a configuration. */
export type ProjectionConfig = Targets &
  Pick<AgentConfig, 'templates' | 'env' | 'onDeleted' | 'refreshSeconds'>

/** Values by {@link destinationKey} and by variable, in the configuration's order. */
export interface Content {
  readonly files: ReadonlyMap<string, Delivered>
  readonly env: ReadonlyMap<string, Uint8Array>
}

export interface Delivered {
  readonly bytes: Uint8Array
  readonly to: Destination
}

export const noContent: Content = { files: new Map(), env: new Map() }

interface Projection {
  readonly content: Content
  readonly sources: TargetSources
  /** One for each target that should have a new value but hasn't. */
  readonly problems: readonly TargetProblem[]
  /** What the content is made of, as far as it was fetched now: the outcomes without the passwords that wait for a key store. */
  readonly outcomes: FetchOutcomes
}

/** The values that templates were last rendered with, by `objectKey`. A restart loses them. */
export type TemplateValues = ReadonlyMap<string, FoundVersions>

/** Bounds that a caller may set: how many properties "#*" may find, and how much CPU time the projection may take. */
export type ProjectionBounds = Partial<Pick<RenderContext, 'maxProperties' | 'budget'>>

interface ProjectionInput extends ProjectionBounds {
  /** An object that wasn't requested this time has no outcome. */
  readonly outcomes: FetchOutcomes
  /** The current content. */
  readonly before: Content
  readonly templateValues?: TemplateValues
  /** Those of the current content. Absent: not known. */
  readonly sources?: TargetSources | undefined
}

interface Projecting extends ProjectionInput {
  readonly config: ProjectionConfig
  readonly context: RenderContext
}

/**
 * Creates the content from the fetched objects. A target keeps its current value if its object wasn't requested,
 * failed, or can't be converted. If the object is gone, `onDeleted` decides whether a file is kept or removed. A
 * variable is always kept, because a process keeps its environment anyway.
 */
export async function projectContent(
  config: ProjectionConfig,
  input: ProjectionInput,
): Promise<Projection> {
  const context = createRenderContext(input)
  const values = targetsOf(config)
  const { keyStores, outcomes } = await projectKeyStores(values, { ...input, config, context })
  const projecting = { ...input, outcomes, config, context }
  const targets: ProjectedTarget[] = []
  const sources: TargetSources[number][] = []
  // One at a time, so that the event loop can run between two of them.
  for (const projectTarget of [
    ...values.map(
      (target) => async () => keyStores.get(target) ?? projectValue(target, projecting),
    ),
    ...config.templates.map((template) => () => projectTemplate(template, projecting)),
    ...config.env.map((entry) => () => projectVariable(entry, projecting)),
  ]) {
    await context.budget.yieldIfDue()
    const target = await projectTarget()
    sources.push(target.sources ?? keptSources(target, input.sources?.[sources.length]))
    targets.push(target)
  }
  return {
    content: {
      files: new Map(targets.flatMap(({ files = [] }) => [...files])),
      env: new Map(targets.flatMap(({ env = [] }) => [...env])),
    },
    sources,
    problems: targets.flatMap(({ problems }) => problems),
    outcomes,
  }
}

/**
 * Projects the key stores with a password before anything else, because a password waits for a key store that stays as it is.
 *
 * @returns those that are final, and the outcomes without the passwords that wait
 */
async function projectKeyStores(
  values: readonly Target[],
  projecting: Projecting,
): Promise<Pick<Projection, 'outcomes'> & { readonly keyStores: Map<Target, ProjectedTarget> }> {
  const { outcomes, context } = projecting
  const keyStores = new Map<Target, ProjectedTarget>()
  for (const target of values.filter(({ password }) => password !== undefined)) {
    await context.budget.yieldIfDue()
    keyStores.set(target, await projectValue(target, projecting))
  }
  const kept = [...keyStores].flatMap(([target, { files = noContent.files, sources }]) =>
    sources === undefined ? [...files.values()].map(({ bytes }) => ({ target, bytes })) : [],
  )
  const held = await heldPasswords(kept, { outcomes, budget: context.budget })
  for (const [target, { sources }] of keyStores)
    if (sources !== undefined && target.password && held.has(objectKey(target.password)))
      keyStores.delete(target)
  return { keyStores, outcomes: new Map([...outcomes].filter(([key]) => !held.has(key))) }
}

/** The sources of a target that wasn't rendered. */
const keptSources = (
  { files, env }: ProjectedTarget,
  before: Sources | undefined,
): Sources | undefined => ((files?.size ?? 0) + (env?.size ?? 0) > 0 ? before : noSources)

interface ProjectedTarget {
  readonly files?: Content['files']
  readonly env?: ReadonlyMap<string, Uint8Array>
  /** Absent: the target wasn't rendered, so it keeps its value if it has one. */
  readonly sources?: Sources
  readonly problems: readonly TargetProblem[]
}

async function projectValue(target: Target, projecting: Projecting): Promise<ProjectedTarget> {
  const { config, before, context } = projecting
  const rendered = await renderFetched(target, projecting.outcomes, ({ found, password }) =>
    renderParts(target, found, context, password?.[0]),
  )
  const current = currentOf(target, before.files)
  if (rendered.kind === 'not-requested') return { files: current, problems: [] }
  if (rendered.kind === 'rendered') {
    const files = rendered.value.map(({ name, bytes }) => {
      const to = name === undefined ? target.to : partOf(target.to, name)
      return [destinationKey(to), { bytes, to }] as const
    })
    return { files: new Map(files), sources: rendered.sources, problems: [] }
  }
  if (rendered.kind === 'absent' && config.onDeleted === 'remove') return { problems: [] }
  return {
    files: current,
    problems: problemsOf(rendered, { target, hasValue: current.size > 0 }),
  }
}

/** A template is written with all its values or stays as it is. */
async function projectTemplate(
  template: WantedTemplate,
  projecting: Projecting,
): Promise<ProjectedTarget> {
  const { config, before } = projecting
  const segments: RenderedSegment[] = []
  for (const segment of template.segments) segments.push(await renderSegment(segment, projecting))
  const current = before.files.get(template.path)
  const files = current === undefined ? noContent.files : new Map([[template.path, current]])
  if (config.onDeleted === 'remove' && segments.some(({ kind }) => kind === 'absent'))
    return { problems: [] }
  const problems = segments.flatMap((segment) =>
    segment.kind === 'absent' || segment.kind === 'failed' ? segment.problems : [],
  )
  if (problems.length > 0) return { files, problems }
  if (segments.some(({ kind }) => kind === 'not-requested')) return { files, problems: [] }
  const bytes = Buffer.concat(
    segments.flatMap((segment) => (segment.kind === 'rendered' ? [segment.value] : [])),
  )
  const to = fileDestination(template, config.fileMode ?? '')
  const kept = segments.flatMap((segment) => ('keptFor' in segment ? segment.keptFor : []))
  const sources = new Map(
    segments.flatMap((segment) => (segment.kind === 'rendered' ? [...segment.sources] : [])),
  )
  return { files: new Map([[destinationKey(to), { bytes, to }]]), sources, problems: kept }
}

/** `keptFor`: why the segment has its last value and not a new one. */
type RenderedSegment = RenderedValue<Uint8Array> & { readonly keptFor?: readonly TargetProblem[] }

/** An optional value that is absent renders as nothing. If it was there before, `onDeleted` decides whether it is kept. */
async function renderSegment(
  segment: string | WantedValue,
  projecting: Projecting,
): Promise<RenderedSegment> {
  if (typeof segment === 'string')
    return { kind: 'rendered', value: Buffer.from(segment), sources: noSources }
  const { config, context, templateValues } = projecting
  const toValue = ([object]: FoundVersions) => renderValue(segment, object, context)
  const rendered = await renderFetched(segment, projecting.outcomes, ({ found }) => toValue(found))
  if (rendered.kind !== 'absent' || segment.optional !== true) return rendered
  const last = templateValues?.get(objectKey(segment.object))
  return last === undefined || config.onDeleted === 'remove'
    ? { kind: 'rendered', value: Buffer.of(), sources: noSources }
    : {
        kind: 'rendered',
        value: await toValue(last),
        sources: sourcesOf(segment, last),
        keptFor: rendered.problems,
      }
}

/** The last values of all templates, after a fetch. */
export function templateValuesAfter(
  { templates }: Pick<ProjectionConfig, 'templates'>,
  { outcomes, before }: { readonly outcomes: FetchOutcomes; readonly before: TemplateValues },
): TemplateValues {
  const values = new Map(before)
  for (const { object } of templates.flatMap(({ segments }) => segmentValues(segments))) {
    const outcome = outcomes.get(objectKey(object))
    if (outcome?.kind === 'fetched') values.set(objectKey(object), outcome.found)
  }
  return values
}

async function projectVariable(
  entry: WantedVariable,
  projecting: Projecting,
): Promise<ProjectedTarget> {
  const { variable } = entry
  const { outcomes, context } = projecting
  const rendered = checkVariable(
    entry,
    await renderFetched(entry, outcomes, ({ found: [object] }) =>
      renderValue(entry, object, context),
    ),
  )
  if (rendered.kind === 'rendered')
    return {
      env: new Map([[variable, rendered.value]]),
      sources: rendered.sources,
      problems: [],
    }
  const current = projecting.before.env.get(variable)
  const env = current === undefined ? noContent.env : new Map([[variable, current]])
  if (rendered.kind === 'not-requested') return { env, problems: [] }
  return { env, problems: problemsOf(rendered, { target: entry, hasValue: env.size > 0 }) }
}

/** A value that an EnvFile can't hold counts as failed. An empty value counts as absent if the variable is optional. */
function checkVariable(
  { variable, object, optional }: WantedVariable,
  rendered: RenderedValue<Uint8Array>,
): RenderedValue<Uint8Array> {
  if (rendered.kind !== 'rendered') return rendered
  const reason = envValueProblem(variable, rendered.value)
  if (reason === undefined) return rendered
  const isAbsent = optional === true && rendered.value.length === 0
  const message = `variable ${variable}: the value of ${describeObject(object)} ${reason}`
  const error = new AkvError('AKV_ENV_VALUE', message)
  return { kind: isAbsent ? 'absent' : 'failed', problems: [{ key: objectKey(object), error }] }
}

/** An absent value isn't a problem if it is optional and the target has no value that is kept instead. */
function problemsOf(
  { kind, problems }: Extract<RenderedValue<unknown>, { problems: unknown }>,
  { target, hasValue }: { readonly target: WantedValue; readonly hasValue: boolean },
): readonly TargetProblem[] {
  return kind === 'failed' || target.optional !== true || hasValue ? problems : []
}

/** What a target has now. */
function currentOf(target: Target, files: Content['files']): Content['files'] {
  if (target.property !== '*')
    return new Map(
      claimedKeys(target).flatMap((key) => {
        const found = files.get(key)
        return found === undefined ? [] : [[key, found]]
      }),
    )
  const folder = `${destinationKey(target.to)}/`
  return new Map([...files].filter(([key]) => key.startsWith(folder)))
}
