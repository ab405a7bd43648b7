import { once } from 'node:events'

/** Done when somebody asks the process to end. A second time is not waited for. */
export async function untilInterrupted(): Promise<void> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
}
