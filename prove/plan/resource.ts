import type { JsonObject } from '../../lib/shape.ts'
import type { ControlRequest, ProofCall, ToolCall } from '../tools/tools.ts'
import type { Learned, Made } from './made.ts'

/** The kinds of things that a run makes. The report names them, and nothing else about them. */
export const resourceKinds = [
  'install',
  'emulated-azure',
  'managed-identity',
  'deployment',
  'identity-binding',
  'cluster-role',
  'cluster-role-binding',
  'deleted-vault',
  'vault',
  'namespace',
] as const
export type ResourceKind = (typeof resourceKinds)[number]

/** Something that a run makes, as data: how to make it, how to see whether it is there, how to remove it. */
export interface Resource {
  readonly kind: ResourceKind
  /** Always the same, so that a run finds what an earlier one left. */
  readonly name: string
  /** What it is for, for people. */
  readonly sentence: string
  readonly make: readonly MakeStep[]
  /** This run doesn't make it. It only removes what an earlier run has left of it. */
  readonly isEarlier?: boolean
  /** Needs nothing that a run has learned, so that another run can find it. */
  readonly find: HowToFind
  /** The same. Each call is tried, and only a look says whether they worked. */
  readonly remove: readonly ProofCall[]
}

/** One call. The next one may need what its answer says. */
export interface MakeStep {
  readonly call: ProofCall | ((made: Made) => ProofCall)
  readonly learn?: Learned
  /** Azure may refuse it for some minutes after a role was assigned, so it is tried again until it works. */
  readonly isPatient?: true
}

export type HowToFind =
  /** Prints the object, or nothing if it doesn't exist. */
  | { readonly by: 'object'; readonly call: ToolCall; readonly mark: OwnMark }
  /** Prints the names of the objects that have our label, or nothing. */
  | { readonly by: 'label'; readonly call: ToolCall }
  /** Prints a list of objects with names. */
  | { readonly by: 'list'; readonly call: ToolCall; readonly mark: OwnMark }
  | {
      readonly by: 'names'
      readonly call: ControlRequest
      readonly identities: readonly string[]
      readonly vaults: readonly string[]
    }

/** What objects of `prove` have. Without it, an object of the same name is somebody else's. */
export interface OwnMark {
  /** The member of the object that has labels or tags. */
  readonly at: readonly string[]
  readonly key: string
  readonly value: string
  /** Azure's IDs ignore case, and AKS writes some with other letters than it was given. Labels and tags don't. */
  readonly isId?: true
}

/** In the order in which they are made. They are removed in reverse. */
export type ProofPlan = readonly Resource[]

/** `foreign`: something of this name exists that `prove` hasn't made. `unknown`: nothing says whether it exists. */
export type Presence = 'absent' | 'present' | 'foreign' | 'unknown'

export type KubeObject = JsonObject & { readonly kind: string; readonly metadata: JsonObject }
