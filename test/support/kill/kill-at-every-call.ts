/** A process that is killed at one of its calls to what outlives it: files, or an API server. */
export interface Kill {
  /**
   * Makes each call of a function count. The call at which the process is killed throws and has no effect, and so do all
   * calls after it.
   *
   * @param half - does a part of what the function does: a kill in the middle of the call is tried, too
   */
  counted<A extends unknown[], R>(
    call: (...args: A) => R,
    half?: (...args: A) => void,
  ): (...args: A) => R
  /** Runs what the process does until it ends or is killed. */
  run(work: () => unknown): Promise<void>
  readonly isDead: () => boolean
}

/**
 * Runs the life of a process again and again, and kills the process at its first call, then at its second, and so on, until
 * it ends by itself.
 *
 * @param life - prepares, lets the process run with `kill.run`, and checks what it has left
 * @returns the number of calls at which the process was killed
 */
export async function killAtEveryCall(life: (kill: Kill) => Promise<void>): Promise<number> {
  for (let calls = 0; ; calls++) {
    const kill = killAfter(calls)
    await life(kill)
    if (!kill.isDead()) return calls
  }
}

function killAfter(calls: number): Kill {
  let left = calls
  let isDead = false
  const count = () => {
    isDead ||= left === 0
    left -= 1
    return isDead
  }
  const killed = () => new Error('the process has been killed')
  return {
    isDead: () => isDead,
    counted:
      (call, half) =>
      (...args) => {
        if (count()) throw killed()
        if (half && count()) {
          half(...args)
          throw killed()
        }
        return call(...args)
      },
    async run(work) {
      try {
        await work()
      } catch (error) {
        if (!isDead) throw error
      }
    },
  }
}

type Method = (...args: unknown[]) => unknown

/** The same object with each of its methods wrapped. */
export const wrapMethods = <T extends object>(
  methods: T,
  wrap: (method: Method, name: string) => Method,
): T =>
  new Proxy(methods, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name)
      return typeof method === 'function' ? wrap(method.bind(target), String(name)) : method
    },
  })

/** Makes each call of these methods count. */
export const countedMethods = <T extends object>(methods: T, { counted }: Kill): T =>
  wrapMethods(methods, (method) => counted(method))
