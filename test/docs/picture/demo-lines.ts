import { run } from '../../support/run-command-line.ts'

/**
 * Runs `npm run demo` and returns the lines of its output that the picture shows: from the admission on, without the
 * webhook's log.
 *
 * @throws Error if the demo fails
 */
export async function demoLines(): Promise<readonly string[]> {
  const { code, stdout, stderr } = await run(['demo'])
  if (code !== 0) throw new Error(`the demo exited with ${code}: ${stderr}`)
  const lines = stdout.trimEnd().split('\n')
  const shown = lines.slice(lines.findIndex((line) => line.includes('. Admission of ')))
  return shown.filter((line) => !/^ {3}\| \{|the webhook logs:$/.test(line))
}

/** Replaces what differs from run to run: times, sizes of random values, versions and names of folders. */
export const withoutVariation = (text: string): string =>
  text
    .replaceAll(/\b[0-9a-f]{32}\b/g, 'VERSION')
    .replaceAll(/\.\.\d{4}(_\d\d){5}\.[0-9a-f]{8}/g, 'FOLDER')
    .replaceAll(/\b\d+ ms\b/g, 'TIME')
    .replaceAll(/ +\d+ B\b/g, ' SIZE')
