/** What the Azure CLI would say. */
export class Refused extends Error {}

export const fail = (sentence: string): never => {
  throw new Refused(sentence)
}
