/** What commands listen to until their process ends. Tests after them must fail again on what nobody catches. */
const events = ['SIGTERM', 'SIGINT', 'uncaughtException', 'warning'] as const

/** Remembers what can be changed about this process, and returns a function that restores it. */
export function keepProcess(): () => void {
  const { argv, execArgv, exitCode } = process
  const folder = process.cwd()
  const restore = [keepEnvironment(), ...events.map(keepListeners)]
  return () => {
    for (const undo of restore) undo()
    Object.assign(process, { argv, execArgv, exitCode })
    process.chdir(folder)
  }
}

function keepEnvironment(): () => void {
  const before = { ...process.env }
  return () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
    Object.assign(process.env, before)
  }
}

function keepListeners(event: (typeof events)[number]): () => void {
  const before = process.rawListeners(event)
  return () => {
    for (const listener of process.rawListeners(event))
      if (!before.includes(listener)) process.off(event, listener as () => void)
  }
}
