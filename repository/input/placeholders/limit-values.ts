/** Gives the values of placeholders. */
export type Substitutions = Pick<ReadonlyMap<string, string>, 'get'>

/**
 * Gives values until they have added this many characters, and then none, so those placeholders stay open. Values come
 * from files, and each Kustomization of Flux may multiply the values of the one that names it.
 */
export function limitValues(values: Substitutions, maxAdded: number): Substitutions {
  let left = maxAdded
  return {
    get(name) {
      const value = values.get(name)
      left -= value?.length ?? 0
      return left < 0 ? undefined : value
    },
  }
}
