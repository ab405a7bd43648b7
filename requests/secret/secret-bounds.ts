/** Bounds for one account, because each refresh renders and compares every target again. */

/** All entries of all Secrets of the account together. */
export const maxTargets = 1000

/** How many entries may be `#*`, and how many keys each of them may write. */
export const maxSpreads = 50
export const maxProperties = 500
