import { parse } from 'yaml'

/**
 * Refuses a chart whose maintainers can't be reached. Addresses below .invalid reach nobody (RFC 2606), so the checkout has one
 * as a placeholder.
 *
 * @param chart the text of Chart.yaml
 * @throws Error that says what to write
 */
export function checkMaintainers(chart: string): void {
  const { maintainers = [] }: { maintainers?: readonly { readonly email?: string }[] } =
    parse(chart)
  const [email] = maintainers.map(({ email = '' }) => email).filter((email) => !isReachable(email))
  if (email === undefined && maintainers.length > 0) return
  throw new Error(
    `Chart.yaml has ${email ? `the placeholder ${email} for its maintainers` : 'no address of its maintainers'}: write an address that somebody reads`,
  )
}

const isReachable = (email: string): boolean => email !== '' && !email.endsWith('.invalid')
