/** A number with its noun, for a sentence: `1 file`, `2 files`. */
export const countOf = (number: number, noun: string): string =>
  `${number} ${number === 1 ? noun : pluralOf(noun)}`

/** The plural of a noun or of a kind, as Kubernetes forms it: `SecretProviderClasses`, `NetworkPolicies`. */
export function pluralOf(noun: string): string {
  if (/(?:s|x|z|ch|sh)$/.test(noun)) return `${noun}es`
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`
}
