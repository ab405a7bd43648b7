/** What one account may ask for. Each target is kept, compared and rendered anew at each refresh. */

/** All entries of all its Secrets together. */
export const maxTargets = 1000

/** Of these, how many may be `#*`, which stands for many keys; and how many that may be. */
export const maxSpreads = 50
export const maxProperties = 500
