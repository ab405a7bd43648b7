/** By this common name the controller knows the authorities that it made. */
export const authorityName = 'akv-injector serving authority'

export const authorityLifetimeDays = 730
/** Until its last leaf has expired, an authority stays published. */
export const leafLifetimeDays = 30
