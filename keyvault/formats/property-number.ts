/**
 * Names a property of `#*` for a message. The property's own name is part of the value, so it isn't shown. `index`
 * starts at 0.
 */
export const propertyNumber = (index: number): string => `property number ${index + 1}`
