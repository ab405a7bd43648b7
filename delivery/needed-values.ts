import type { Wanted } from './contract.ts'

/** The values that a value is made of: its own object and, for a key store, the password. Pure. */
export function neededValues({ password, ...value }: Wanted): readonly Omit<Wanted, 'password'>[] {
  if (password === undefined) return [value]
  const { optional } = value
  return [value, { object: password, ...(optional && { optional }) }]
}
