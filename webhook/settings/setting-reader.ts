import type { Parsed } from '../../lib/parsed.ts'
import { printable } from '../../lib/printable.ts'
import type { Problem } from '../../lib/problem.ts'
import type { Environment, SettingName } from './setting-names.ts'

/** Reads settings one by one and gathers what is wrong with them. */
export interface SettingReader {
  readonly problems: Problem[]
  /** Undefined when the setting is absent, or wrong and therefore among the problems. */
  optional<T>(name: SettingName, parse: (text: string) => Parsed<T>): T | undefined
  /** The same, and absence is a problem too: `sentence` says what the setting is for. */
  required<T>(setting: {
    readonly name: SettingName
    readonly parse: (text: string) => Parsed<T>
    readonly sentence: string
  }): T | undefined
  /** Makes a problem of a setting that has no business being there. */
  refuse(name: SettingName, sentence: string): void
}

export function settingReader(env: Environment): SettingReader {
  const problems: Problem[] = []

  function optional<T>(name: SettingName, parse: (text: string) => Parsed<T>): T | undefined {
    const text = env[name]
    if (text === undefined) return undefined
    const parsed = parse(text)
    if ('value' in parsed) return parsed.value
    problems.push({ subject: name, ...found(text), sentence: parsed.problem })
    return undefined
  }

  return {
    problems,
    optional,
    required({ name, parse, sentence }) {
      if (env[name] === undefined) problems.push({ subject: name, sentence })
      return optional(name, parse)
    },
    refuse(name, sentence) {
      if (env[name] !== undefined) problems.push({ subject: name, ...found(env[name]), sentence })
    },
  }
}

/** Somebody may have written a password into a URL. */
const found = (text: string) => (text.includes('@') ? {} : { found: printable(text) })
