import type { Wanted } from './contract.ts'

type NeededValue = Omit<Wanted, 'password'>

/** The values that a value is made of: its own object and, for a key store, the password. Pure. */
export function neededValues(wanted: Wanted): readonly NeededValue[] {
  // Almost all values are of this kind, and each round asks several times for thousands of them.
  if (wanted.password === undefined) return [wanted]
  const { password, ...value } = wanted
  const { optional } = value
  return [value, { object: password, ...(optional && { optional }) }]
}
