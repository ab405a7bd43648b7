import type { InDocument } from './find-position.ts'
import type { Finding } from './finding.ts'
import type { Task } from './task.ts'

/** An object, or one of its pod templates. */
interface Subject extends InDocument {
  /** `Deployment/web` */
  readonly title: string
  /** Which pod template it is, if the object has several. */
  readonly part?: string
  readonly namespace: string
}

/** What would happen to an object in a cluster. The values are stable, because `check --output json` prints them. */
type CheckOutcome =
  | 'injected'
  | 'served'
  | 'denied'
  | 'not-injected'
  | 'not-served'
  | 'synced'
  | 'not-synced'
  | 'adopted'
  | 'not-adopted'
  | 'not-looked-at'
  | 'undecided'

/** What `check` reports about one object. */
export interface Verdict {
  readonly subject: Subject
  readonly outcome: CheckOutcome
  /** The object's kind, if the text may only count it with others of its kind ({@link countedKind}). */
  readonly countedAs?: string
  /** The outcome in words. */
  readonly sentence: string
  readonly details: readonly string[]
  readonly findings: readonly Finding[]
  /** What somebody has to do before the object is applied. */
  readonly tasks?: readonly Task[]
  /** Absent if its pods list no vault, or only once. */
  readonly lists?: RepeatedLists
}

/** The vaults that the pods of a template list in each refresh. */
export interface RepeatedLists {
  readonly vaults: ReadonlySet<string>
  readonly pods: number
  readonly refreshSeconds: number
}

/** The kind to count an object by. Undefined if it has a problem or a warning, which is always shown. */
export const countedKind = ({ countedAs, findings }: Verdict): string | undefined =>
  findings.every(({ severity }) => severity === 'note') ? countedAs : undefined

/** A verdict on an object that is the business of the External Secrets Operator. */
export const leftToOperator = (
  subject: Subject,
  outcome: 'not-synced' | 'not-served',
  sentence: string,
): Verdict => ({
  subject: subjectOf(subject),
  outcome,
  countedAs: subject.title.split('/', 1).join(),
  sentence,
  details: [],
  findings: [],
})

/** Picks the members of an object that a verdict keeps. */
export const subjectOf = ({ manifest, path, title, part, namespace }: Subject): Subject => ({
  manifest,
  path,
  title,
  ...(part !== undefined && { part }),
  namespace,
})
