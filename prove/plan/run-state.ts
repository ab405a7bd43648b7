import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { isObject } from '../../lib/shape.ts'
import type { ProofPlan, Resource } from './resource.ts'

const stages = ['making', 'made', 'removed'] as const
type Stage = (typeof stages)[number]

/** What a run has made so far, in a file that outlasts it. */
export interface RunState {
  record(resource: Resource, stage: Stage): void
  /** Whether this run, not an earlier one, has begun to make it. */
  isBegun(resource: Resource): boolean
}

/** @param file - is replaced as a whole, so a run that is killed never leaves half of it */
export function openRunState(file: string): RunState {
  const known = new Map(read(file))
  const begun = new Set<string>()
  const keyOf = ({ kind, name }: Resource) => `${kind} ${name}`
  return {
    record(resource, stage) {
      known.set(keyOf(resource), stage)
      if (stage === 'making') begun.add(keyOf(resource))
      try {
        writeFileSync(`${file}.new`, JSON.stringify(Object.fromEntries(known)), { mode: 0o600 })
        renameSync(`${file}.new`, file)
      } catch {
        // The folder is gone, or the disk is full. Nothing is found by this file, so the run goes on.
      }
    },
    isBegun: (resource) => begun.has(keyOf(resource)),
  }
}

/** The resources of an earlier run that this plan doesn't know, so it can't look for them. */
export const unknownTo = (plan: ProofPlan, file: string): readonly string[] =>
  read(file)
    .filter(([, stage]) => stage !== 'removed')
    .map(([key]) => key)
    .filter((key) => plan.every(({ kind, name }) => key !== `${kind} ${name}`))

function read(file: string): readonly [string, Stage][] {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return Object.entries(isObject(value) ? value : {}).flatMap(([key, stage]) => {
      const known = stages.find((one) => one === stage)
      return known === undefined ? [] : [[key, known]]
    })
  } catch {
    return []
  }
}
