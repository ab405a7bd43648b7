import { writeFileSync } from 'node:fs'

/**
 * What the kubelet finds if the agent ends without a chance to write why. Without it, the kubelet would show the end of the
 * log instead, whose warnings may be days old.
 */
export const killedMessage =
  'The agent was killed, and none of its own errors ended it. Exit code 137: killed, or out of memory (see Reason). 255: its node was restarted. 134 or 139: Node.js crashed, and the end of its log says why (kubectl logs --previous). Warnings in the log before that are not the reason.'

/**
 * Writes the file that the kubelet reads after the container has ended. It is new for each start of the container.
 *
 * @returns whether it could be written. Outside a pod, it may not exist.
 */
export function leaveMessage(path: string, message: string): boolean {
  try {
    writeFileSync(path, message)
    return true
  } catch {
    return false
  }
}
