import type { Clock } from '../../lib/clock.ts'
import type { Ran } from './tools.ts'

interface SignInOptions {
  readonly clock: Clock
  readonly abort: AbortSignal
  /** Whether somebody is there who can sign in again. */
  readonly isAttended: boolean
  readonly say: (line: string) => void
}

const waitMs = 30 * 60_000
const tryEveryMs = 10_000

/**
 * Runs `az`, or a program that may sign in by it. If the sign-in has expired, it says so, and tries again until somebody has signed
 * in again, so that a run can go on where it was.
 */
export async function waitForSignIn(
  run: () => Promise<Ran>,
  { clock, abort, isAttended, say }: SignInOptions,
): Promise<Ran> {
  const endMs = clock.now() + waitMs
  let isSaid = false
  for (;;) {
    const ran = await run()
    if (!needsSignIn(ran) || abort.aborted) return ran
    if (!isSaid)
      say(
        isAttended
          ? 'az isn’t signed in, or the sign-in has expired. Run az login in another terminal; this run then goes on'
          : 'az isn’t signed in, or the sign-in has expired. Run az login, and then this command again',
      )
    isSaid = true
    if (!isAttended || clock.now() >= endMs) return ran
    await clock.sleep(tryEveryMs, abort)
  }
}

/**
 * Azure CLI 2.91.0 names `az login` when nobody is signed in, and when a sign-in has expired. Terraform prints what az said, in a frame
 * that may break it.
 */
const needsSignIn = ({ code, stderr }: Ran): boolean =>
  code !== 0 && /\baz[\s│]+login\b/.test(stderr.slice(0, 16_384))
