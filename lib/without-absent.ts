type Present<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> }

/** Leaves out the members that are undefined. */
export const withoutAbsent = <T extends object>(values: T): Present<T> =>
  Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Present<T>
