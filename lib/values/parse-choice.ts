import { invalid, type Parsed, valid } from '../problems/parsed.ts'

/** Gives a parser that accepts these words in exactly this spelling, as Kubernetes does with its own. */
export function parseChoice<T extends string>(choices: readonly T[]): (text: string) => Parsed<T> {
  return (text) => {
    const choice = choices.find((choice) => choice === text)
    return choice === undefined ? invalid(`expected one of ${choices.join(', ')}`) : valid(choice)
  }
}
