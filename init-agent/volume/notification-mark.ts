import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Only the agent looks for it. */
const mode = 0o400

/**
 * Opens a mark in a volume that says that the application is still to be notified of a change. It outlasts the agent's process.
 *
 * Set it before the change is visible: a kill in between leads to a notification too many, never to one too few. Best effort: in
 * a volume that can't be written, nothing changes, either.
 */
export function openNotificationMark(folder: string) {
  const path = join(folder, '..notification-pending')
  return {
    isSet: (): boolean => existsSync(path),
    set: (): void => attempt(() => writeFileSync(path, '', { mode, flag: 'a' })),
    clear: (): void => attempt(() => rmSync(path, { force: true })),
  }
}

function attempt(change: () => void): void {
  try {
    change()
  } catch {
    // Nothing can be written here at all.
  }
}
