import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { isReplaced } from './rest/replace-process.ts'

type Agent = typeof import('./main.ts')

const agentFile = 'agent.js'

/** V8 accepts a cache only under the flags that it was made with. */
const cacheFile = () => (isReplaced() ? 'agent-lite.cache' : 'agent.cache')

/**
 * Loads the agent's bundle. Compiling it takes a fifth of the agent's CPU time, so the image has V8's code cache beside it
 * (cli/write-code-caches.ts). V8 rejects a cache of another version, other flags or another architecture, and then compiles.
 *
 * @param require - loads Node's own modules
 */
export function loadAgent(folder: string, require: NodeJS.Require): Agent {
  return run(compile(folder, readCache(folder)), require)
}

/**
 * Writes the code cache for processes with this one's flags. It holds the functions that a run of the agent has called.
 *
 * @param require - loads Node's own modules
 * @returns the exit code of the run; only after 0, a cache is written
 */
export async function writeCodeCache(
  folder: string,
  require: NodeJS.Require,
  runAgent: (agent: Agent) => Promise<number>,
): Promise<number> {
  const script = compile(folder)
  const exitCode = await runAgent(run(script, require))
  if (exitCode === 0) writeFileSync(join(folder, cacheFile()), script.createCachedData())
  return exitCode
}

/** The npm package has no cache. */
function readCache(folder: string): Buffer | undefined {
  try {
    return readFileSync(join(folder, cacheFile()))
  } catch {
    return undefined
  }
}

/** The bundle is ASCII. Reading it as Latin-1 saves the check. */
function compile(folder: string, cachedData?: Buffer): Script {
  const source = readFileSync(join(folder, agentFile), 'latin1')
  return new Script(source, { filename: agentFile, ...(cachedData && { cachedData }) })
}

function run(script: Script, require: NodeJS.Require): Agent {
  const module: { exports?: Agent } = {}
  script.runInThisContext()(module, require)
  if (module.exports === undefined) throw new TypeError(`${agentFile} exports nothing`)
  return module.exports
}
