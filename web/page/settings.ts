/** Settings in lines of `NAME=VALUE`, and the lines that aren't. */
interface SettingLines {
  readonly settings: Readonly<Record<string, string>>
  readonly wrong: readonly string[]
}

const line = /^(AKV_INJECTOR_[A-Z_]+)=(.*)$/

/** Reads the administrator's settings as they would be in a file of variables. Empty lines and comments are skipped. */
export function readSettingLines(text: string): SettingLines {
  const lines = text
    .split('\n')
    .map((one) => one.trim())
    .filter((one) => one !== '' && !one.startsWith('#'))
  const found = lines.flatMap((one) => {
    const [, name, value] = line.exec(one) ?? []
    return name === undefined || value === undefined ? [] : [[name, value] as const]
  })
  return {
    settings: Object.fromEntries(found),
    wrong: lines.filter((one) => !line.test(one)),
  }
}
