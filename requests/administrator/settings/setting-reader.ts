import { printable } from '../../../lib/printable.ts'
import type { Parsed } from '../../../lib/problems/parsed.ts'
import type { Problem } from '../../../lib/problems/problem.ts'
import type { Environment, SettingName } from './setting-names.ts'

export type SettingReader = ReturnType<typeof settingReader>

/** Reads settings one by one and collects their problems. */
export function settingReader(env: Environment) {
  const problems: Problem[] = []

  /** Undefined if the setting is absent, or if it isn't valid, which adds a problem. */
  function optional<T>(name: SettingName, parse: (text: string) => Parsed<T>): T | undefined {
    const text = env[name]
    if (text === undefined) return undefined
    const parsed = parse(text)
    if (parsed.kind === 'valid') return parsed.value
    problems.push({ path: [name], ...found(text), sentence: parsed.problem })
    return undefined
  }

  return {
    problems,
    optional,
    /** The same, but an absent setting adds a problem too; `sentence` says what the setting is for. */
    required<T>(setting: {
      readonly name: SettingName
      readonly parse: (text: string) => Parsed<T>
      readonly sentence: string
    }): T | undefined {
      const { name, parse, sentence } = setting
      if (env[name] === undefined) problems.push({ path: [name], sentence })
      return optional(name, parse)
    },
    /** Adds a problem if the setting is present. */
    refuse(name: SettingName, sentence: string): void {
      if (env[name] !== undefined) problems.push({ path: [name], ...found(env[name]), sentence })
    },
  }
}

/** A value with an `@` isn't shown, because it may be a URL with a password. */
const found = (text: string) => (text.includes('@') ? {} : { found: printable(text) })
