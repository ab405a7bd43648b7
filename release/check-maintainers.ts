import { parse } from 'yaml'

/**
 * Refuses a chart whose maintainers can't be reached. Addresses below .invalid reach nobody (RFC 2606), so the checkout has one
 * as a placeholder.
 *
 * @param chart the text of Chart.yaml
 * @throws Error that says what to write
 */
export function checkMaintainers(chart: string): void {
  const { maintainers } = parse(chart)
  for (const { email } of maintainers)
    if (email.endsWith('.invalid'))
      throw new Error(
        `Chart.yaml has the placeholder ${email} for its maintainers: write an address that somebody reads`,
      )
}
