/** The controller recognises the authorities that it issued by this common name. */
export const authorityName = 'akv-injector serving authority'

export const authorityLifetimeDays = 730
/** An authority stays published until its last leaf has expired. */
export const leafLifetimeDays = 30
