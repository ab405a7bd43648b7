/** Kubernetes' rules for names (RFC 1123), and a sentence for a name that breaks one. */

import { printable } from './printable.ts'

interface NameRule {
  readonly pattern: RegExp
  readonly maxLength: number
  readonly sentence: string
}

/** The rule for namespaces and Services. */
export const labelName: NameRule = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  maxLength: 63,
  sentence: 'at most 63 lower case letters, digits and hyphens, with a letter or digit at each end',
}

/** The rule for nearly all other objects: Secrets, service accounts, webhook configurations. */
export const subdomainName: NameRule = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  maxLength: 253,
  sentence:
    'at most 253 lower case letters, digits, hyphens and dots, with a letter or digit at each end and beside each dot',
}

export const isName = (value: string, rule: NameRule): boolean =>
  value.length <= rule.maxLength && rule.pattern.test(value)

/** Returns one sentence if the flag's value isn't a valid name, otherwise none. */
export const wrongName = (flag: string, value: string, rule: NameRule): readonly string[] =>
  isName(value, rule) ? [] : [`${flag} "${printable(value)}": expected ${rule.sentence}`]
