/** Bounds for one account, because each refresh renders and compares every target again. */

/** All entries of all its Secrets together. */
export const maxTargets = 1000

/** How many of the entries may be `#*`, and how many keys each of these may give. */
export const maxSpreads = 50
export const maxProperties = 500
