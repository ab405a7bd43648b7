/** A worker has no flags to set. The page ends it if it takes too long. */
export const setFlagsFromString = (): void => undefined
