import type { Wanted } from './contract.ts'

/** What has to be fetched for a value: its own object, and the password of its key store. Pure. */
export function neededValues({ password, ...value }: Wanted): readonly Omit<Wanted, 'password'>[] {
  if (password === undefined) return [value]
  const { optional } = value
  return [value, { object: password, ...(optional && { optional }) }]
}
