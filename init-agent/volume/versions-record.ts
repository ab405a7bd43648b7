import { renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AgentState, parseStateLines, stateLines } from '../../delivery/agent-state.ts'
import { anything, listOf, matches, number, object, string } from '../../lib/shape.ts'
import { readSmallFile } from './read-small-file.ts'

/** The last state that the agent has logged, and how many other lines it has logged since. */
export interface ToldState {
  readonly state: AgentState
  readonly lines: number
}

const versionsFile = '..versions'

/** Only the agent reads it. */
const mode = 0o400
const maxBytes = 1024 * 1024
/** What two sets leave of a volume is for two records, the old one and the next. */
const largestShare = 0.05

/** `sets`: the folders of the sets that it belongs to. */
const shape = object({
  sets: listOf(string()),
  lines: number((lines) => Number.isSafeInteger(lines) && lines >= 0),
  state: listOf(anything),
})

/**
 * Opens the record of what the agent has logged about its objects, which outlasts its process. Best effort: without it, a
 * restarted agent doesn't know its versions until it has refreshed.
 *
 * A record counts only for the sets that it names. So write it after they are switched: a kill in between leaves one that
 * doesn't count.
 *
 * @param currentSets - gives the folders of the sets in place
 */
export function openVersionsRecord(folder: string, currentSets: () => readonly string[]) {
  const path = join(folder, versionsFile)
  return {
    read(): ToldState | undefined {
      const record = parseJson(readSmallFile(path, maxBytes))
      if (!matches(shape, record) || record.sets.join() !== currentSets().join()) return undefined
      const state = parseStateLines(record.state)
      return state && { state, lines: record.lines }
    },
    write({ state, lines }: ToldState): void {
      const record = { sets: currentSets(), lines, state: stateLines(state) }
      const text = JSON.stringify(record)
      if (readSmallFile(path, maxBytes) === text) return
      // The one before may name the same sets, but not their versions.
      if (!replaceFile(folder, text)) remove(path)
    },
  }
}

/** A tmpfs counts whole pages. One without a limit reports 0 blocks. */
function fits(folder: string, text: string): boolean {
  const { bsize, blocks } = statfsSync(folder)
  return blocks === 0 || Math.ceil(text.length / bsize) <= blocks * largestShare
}

/** @returns whether there was room for it */
function replaceFile(folder: string, text: string): boolean {
  const path = join(folder, versionsFile)
  const next = `${path}_tmp`
  try {
    // A killed agent may have left one, which only root could write to.
    rmSync(next, { force: true })
    if (!fits(folder, text)) return false
    writeFileSync(next, text, { mode })
    renameSync(next, path)
    return true
  } catch {
    remove(next)
    return false
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // Nothing can be written here at all.
  }
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
