import { isObject, type JsonObject, scalarText, withoutAbsent } from '../../lib/shape.ts'
import { type AnswerLine, readAnswerLines } from '../answers/compare-answers.ts'
import { type ResourceKind, resourceKinds } from '../plan/resource.ts'
import { isSeen, type Seen } from '../scenarios/looks/seen.ts'
import { type ScenarioId, scenarioIds } from '../scenarios/scenario.ts'

const results = ['passed', 'failed', 'skipped', 'interrupted'] as const
const azures = ['emulated', 'real'] as const
const clusters = ['aks', 'other'] as const
const versionNames = ['akvInjector', 'kubernetes', 'chart', 'upgradeFrom'] as const
const ends = ['finished', 'interrupted', 'not-made', 'no-install'] as const

export interface ScenarioLine {
  readonly id: ScenarioId
  readonly result: (typeof results)[number]
  /** Absent if the scenario was skipped. */
  readonly expected?: Seen
  readonly seen?: Seen
  readonly step?: number
  readonly seconds?: number
}

/** What a run says to others. It has only words that are listed in the sources, numbers, and versions made of numbers. */
export interface Report {
  readonly form: 1
  readonly azure: (typeof azures)[number]
  readonly cluster: (typeof clusters)[number]
  readonly end: (typeof ends)[number]
  /** `chart` and `upgradeFrom`: those that the run installed. */
  readonly versions: { readonly [name in (typeof versionNames)[number]]?: string }
  readonly nodes?: number
  /** What could not be made, so that the run ended. */
  readonly missing?: ResourceKind
  readonly scenarios: readonly ScenarioLine[]
  /** What Azure's answers look like, and where the emulator's differ. Absent if they weren't recorded. */
  readonly answers?: readonly AnswerLine[]
  /** What could not be removed. */
  readonly left: readonly { readonly kind: ResourceKind; readonly count: number }[]
}

/** What the report is made of. It isn't trusted to have only what the report may hold. */
export interface RawReport {
  readonly azure: unknown
  readonly cluster: unknown
  readonly end: unknown
  readonly versions: JsonObject
  readonly nodes: unknown
  /** The kind of what could not be made. */
  readonly missing?: unknown
  readonly scenarios: readonly JsonObject[]
  readonly answers?: unknown
  /** The kinds of what could not be removed. */
  readonly left: readonly unknown[]
}

/**
 * Makes the report. Every member is a word from a list, a bounded number, or a version, and whatever isn't is left out: a
 * report is published, so it must be unable to hold a tenant, a subscription, a client, a host, an issuer, a value or a token.
 */
export function makeProofReport(raw: RawReport): Report {
  return {
    form: 1,
    azure: oneOfList(azures, raw.azure) ?? 'emulated',
    cluster: oneOfList(clusters, raw.cluster) ?? 'other',
    end: oneOfList(ends, raw.end) ?? 'interrupted',
    versions: Object.fromEntries(
      versionNames.flatMap((name) => {
        const version = versionOf(raw.versions[name])
        return version === undefined ? [] : [[name, version]]
      }),
    ),
    ...withoutAbsent({
      nodes: countOf(raw.nodes),
      missing: oneOfList(resourceKinds, raw.missing),
    }),
    scenarios: raw.scenarios.flatMap(lineOf),
    ...withoutAbsent({ answers: readAnswerLines(raw.answers) }),
    left: resourceKinds.flatMap((kind) => {
      const count = raw.left.filter((one) => one === kind).length
      return count === 0 ? [] : [{ kind, count }]
    }),
  }
}

function lineOf(raw: JsonObject): readonly ScenarioLine[] {
  const id = oneOfList(scenarioIds, raw['id'])
  const result = oneOfList(results, raw['result'])
  if (id === undefined || result === undefined) return []
  const { expected, seen } = raw
  return [
    {
      id,
      result,
      ...(isSeen(expected) && { expected }),
      ...(isSeen(seen) && { seen }),
      ...withoutAbsent({ step: countOf(raw['step']), seconds: countOf(raw['seconds']) }),
    },
  ]
}

const oneOfList = <const T>(list: readonly T[], value: unknown): T | undefined =>
  list.find((one) => one === value)

/** Larger numbers could be an address or an ID. */
const countOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 100_000
    ? value
    : undefined

/** Three numbers that no address has: the first one is at most 9, and the second one at most 99. */
const versionOf = (value: unknown): string | undefined =>
  isObject(value) ? undefined : /^\d\.\d{1,2}\.\d{1,2}$/.exec(scalarText(value))?.[0]
