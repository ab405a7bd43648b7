const units = [
  { ms: 1000, name: 's', below: 120 },
  { ms: 60_000, name: 'm', below: 120 },
  { ms: 3600_000, name: 'h', below: 48 },
] as const

/** Formats a duration as kubectl does: `90s`, `3h`, `12d`. Empty if it isn't known. */
export function ageText(ms: number): string {
  if (Number.isNaN(ms)) return ''
  const unit = units.find(({ ms: unit, below }) => ms / unit < below)
  const { ms: unitMs, name } = unit ?? { ms: 24 * 3600_000, name: 'd' }
  return `${Math.max(0, Math.floor(ms / unitMs))}${name}`
}

/** Formats a time in milliseconds since 1970 as ISO 8601. Undefined if it isn't known. */
export const isoTime = (ms: number | undefined): string | undefined =>
  ms === undefined || Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
