import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8 from compiling JavaScript to machine code in this process. The agent fetches for a fraction of a second, in which
 * machine code saves little time, but the compilers' memory counts for the agent's peak, and machine code and feedback
 * grow with each refresh (ARCHITECTURE.md, "The agent").
 *
 * V8 looks at these flags when a function becomes hot, so they can be set while it runs. NODE_OPTIONS doesn't accept them, and
 * the image's other programs need machine code.
 */
export function limitCompilation(): void {
  for (const compiler of ['sparkplug', 'maglev', 'opt']) setFlagsFromString(`--no-${compiler}`)
}
