import { execFileSync } from 'node:child_process'
import { type Browser, chromium } from 'playwright-core'
import { chromiumFlags, programPath } from '../../support/needs/without.ts'

/**
 * Starts the machine's Chromium without a window, for as long as that takes.
 *
 * @throws Error if there is none
 */
export function launchChromium(): Promise<Browser> {
  const found = execFileSync('sh', ['-c', `command -v "${programPath('chromium')}"`])
  return chromium.launch({
    executablePath: String(found).trim(),
    args: [...chromiumFlags],
    timeout: 0,
  })
}
