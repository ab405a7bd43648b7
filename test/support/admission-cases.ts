import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome } from '../../webhook/core/outcome.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import { policy } from '../webhook/core/policy.ts'
import { expand, readFixture, readParts, writeFixture } from './fixture-yaml.ts'

/**
 * A case of admission is a folder whose name says what the case shows. `pod.yaml` is the pod under review, and
 * `outcome.yaml` is the expected outcome. Two files are optional: `request.yaml` has the fields of the request that
 * differ from the creation of a pod, and `policy.yaml` has the operator's settings that differ from the tests' policy.
 * `parts.yaml`, beside the folders, has what the cases share.
 */
export interface AdmissionCase {
  readonly name: string
  readonly review: { readonly request: Readonly<Record<string, unknown>> }
  readonly policyChanges?: PolicyChanges
}

export type PolicyChanges = Omit<Partial<Policy>, 'allowedVaults'> & {
  readonly allowedVaults?: Readonly<Record<string, readonly string[]>>
}

const folder = join(import.meta.dirname, '../fixtures/admission')
const parts = readParts(readFileSync(join(folder, 'parts.yaml'), 'utf8'))

function readCase(name: string): AdmissionCase {
  const object = readIfThere(name, 'pod.yaml') as { metadata?: { name?: string } } | undefined
  const request = {
    name: object?.metadata?.name ?? '',
    ...(object !== undefined && { object }),
    ...(readIfThere(name, 'request.yaml') as object | undefined),
  }
  const review = expand({ extends: 'review', request }, parts) as AdmissionCase['review']
  const policyChanges = readIfThere(name, 'policy.yaml') as PolicyChanges | undefined
  return { name, review, ...(policyChanges && { policyChanges }) }
}

const readIfThere = (name: string, file: string): unknown =>
  existsSync(join(folder, name, file)) ? read(name, file) : undefined

const read = (name: string, file: string): unknown =>
  readFixture(readFileSync(join(folder, name, file), 'utf8'), parts)

/** All cases, sorted by name. */
export const admissionCases: readonly AdmissionCase[] = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => readCase(name))

/** Gives the complete expected outcome of a case, its keys in the order in which the webhook writes them. */
export const readOutcome = (name: string): Outcome => read(name, 'outcome.yaml') as Outcome

/** Replaces the expected outcome of a case. */
export const writeOutcome = (name: string, outcome: Outcome): void =>
  writeFileSync(join(folder, name, 'outcome.yaml'), writeFixture(outcome, parts))

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
