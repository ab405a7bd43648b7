import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeField } from '../../../lib/problems/problem.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import type { LookedUp, Lookup } from '../../../requests/class/looked-up.ts'
import {
  describeWarning,
  type Injected,
  type Outcome,
} from '../../../webhook/core/model/outcome.ts'
import { policy } from '../../webhook/core/policy.ts'
import { expand, type Parts, readFixture, readParts, writeFixture } from './fixture-yaml.ts'

/**
 * A case of admission is a folder whose name says what the case shows. `pod.yaml` is the pod under review, and
 * `outcome.yaml` is the expected outcome. Four files are optional:
 *
 * - `request.yaml` has the fields of the request that differ from the creation of a pod
 * - `policy.yaml` has the administrator's settings that differ from the tests' policy
 * - `classes.yaml` maps the names of SecretProviderClasses to the objects, or to the kind of a failed look-up. With it,
 *   the pod is reviewed as at `/mutate/csi`.
 * - `account.yaml` has the pod's ServiceAccount, or the kind of a failed look-up
 *
 * `parts.yaml`, beside the folders, has what the cases share.
 */
export interface AdmissionCase {
  readonly name: string
  readonly review: { readonly request: Readonly<Record<string, unknown>> }
  readonly policyChanges?: PolicyChanges
  readonly lookedUp?: LookedUp
}

export type PolicyChanges = Omit<Partial<Policy>, 'allowedVaults'> & {
  readonly allowedVaults?: Readonly<Record<string, readonly string[]>>
}

/** An outcome with its problems and warnings as messages show them. */
export type ShownOutcome =
  | Extract<Outcome, { readonly kind: 'skipped' }>
  | (Omit<Injected, 'warnings'> & { readonly warnings: readonly string[] })
  | { readonly kind: 'denied'; readonly problems: readonly ShownProblem[] }

interface ShownProblem {
  readonly subject: string
  readonly found?: string
  readonly sentence: string
}

/** Shows an outcome as `outcome.yaml` does. */
export function showOutcome(outcome: Outcome): ShownOutcome {
  switch (outcome.kind) {
    case 'skipped':
      return outcome
    case 'injected':
      return { ...outcome, warnings: outcome.warnings.map(describeWarning) }
    case 'denied':
      return {
        ...outcome,
        problems: outcome.problems.map(({ found, sentence, ...field }) => ({
          subject: describeField(field),
          ...(found !== undefined && { found }),
          sentence,
        })),
      }
    default:
      return outcome satisfies never
  }
}

export interface CaseFolder {
  /** All cases, sorted by name. */
  readonly cases: readonly AdmissionCase[]
  /** Gives the complete expected outcome of a case, its keys in the order in which the webhook writes them. */
  readOutcome(name: string): ShownOutcome
  /** Replaces the expected outcome of a case. */
  writeOutcome(name: string, outcome: ShownOutcome): void
}

const tests = join(import.meta.dirname, '../..')

/** @param parts - more parts than the folder's own `parts.yaml`, which may extend them */
function readFolder(name: string, shared = ''): CaseFolder {
  const folder = join(tests, name)
  const parts = readParts(shared + readFileSync(join(folder, 'parts.yaml'), 'utf8'))
  const readFrom = (name: string, file: string): unknown =>
    readFixture(readFileSync(join(folder, name, file), 'utf8'), parts)
  const readIfThere = (name: string) => (file: string) =>
    existsSync(join(folder, name, file)) ? readFrom(name, file) : undefined
  return {
    cases: readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => readCase(entry.name, readIfThere(entry.name), parts)),
    readOutcome: (name) => readFrom(name, 'outcome.yaml') as ShownOutcome,
    writeOutcome: (name, outcome) =>
      writeFileSync(join(folder, name, 'outcome.yaml'), writeFixture(outcome, parts)),
  }
}

function readCase(name: string, read: (file: string) => unknown, parts: Parts): AdmissionCase {
  const object = read('pod.yaml') as { metadata?: { name?: string } } | undefined
  const request = {
    name: object?.metadata?.name ?? '',
    ...(object !== undefined && { object }),
    ...(read('request.yaml') as object | undefined),
  }
  const review = expand({ extends: 'review', request }, parts) as AdmissionCase['review']
  const policyChanges = read('policy.yaml') as PolicyChanges | undefined
  const classes = read('classes.yaml') as Readonly<Record<string, unknown>> | undefined
  const account = read('account.yaml')
  return {
    name,
    review,
    ...(policyChanges && { policyChanges }),
    ...(classes && {
      lookedUp: {
        classes: new Map(Object.entries(classes).map(([name, found]) => [name, lookupOf(found)])),
        ...(account !== undefined && { account: lookupOf(account) }),
      },
    }),
  }
}

function lookupOf(found: unknown): Lookup {
  switch (found) {
    case 'absent':
    case 'no-kind':
    case 'forbidden':
    case 'not-in-files':
      return { kind: found }
    case 'timed-out':
      return { kind: found, seconds: 2 }
    default:
      return { kind: 'found', object: found }
  }
}

const admission = readFolder('fixtures/admission')
export const admissionCases: readonly AdmissionCase[] = admission.cases
export const readOutcome = admission.readOutcome
export const writeOutcome = admission.writeOutcome

/** Manifests of the Secrets Store CSI Driver, as people have them. */
export const seedCases: CaseFolder = readFolder(
  'fixtures/seeds',
  readFileSync(join(tests, 'fixtures/admission/parts.yaml'), 'utf8'),
)

/** Gives the tests' policy with the changes of a case applied. */
export function policyWith({ allowedVaults, ...changes }: PolicyChanges = {}): Policy {
  if (allowedVaults === undefined) return { ...policy, ...changes }
  const lists = Object.entries(allowedVaults)
  return {
    ...policy,
    ...changes,
    allowedVaults: new Map(lists.map(([namespace, vaults]) => [namespace, new Set(vaults)])),
  }
}
