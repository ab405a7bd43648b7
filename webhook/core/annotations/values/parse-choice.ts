import type { Parsed } from '../../../../lib/parsed.ts'

/** Gives a parser that accepts these words in exactly this spelling, as Kubernetes does with its own. */
export function parseChoice<T extends string>(choices: readonly T[]): (text: string) => Parsed<T> {
  return (text) => {
    const choice = choices.find((one) => one === text)
    return choice === undefined
      ? { problem: `expected one of ${choices.join(', ')}` }
      : { value: choice }
  }
}
