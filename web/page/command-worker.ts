import type { Answer, Question, WorkerMessage } from '../core/question.ts'

export type Result =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** The answer took too long, so the worker was ended. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly reason: string }

/** A page that stands still for longer seems broken. */
const limitMs = 1000

/** Runs the commands in a worker, one question at a time, and ends the worker if an answer takes more than a second. */
export class CommandWorker {
  readonly #url: string
  #worker: Promise<Worker | undefined> | undefined

  constructor(script: string) {
    this.#url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
  }

  async ask(question: Question): Promise<Result> {
    this.#worker ??= startWorker(this.#url)
    const worker = await this.#worker
    if (worker === undefined) {
      this.#worker = undefined
      return { kind: 'failed', reason: 'the browser doesn’t start its worker' }
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#end(worker)
        resolve({ kind: 'ended' })
      }, limitMs)
      worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
        clearTimeout(timer)
        if (data.kind !== 'ready') resolve(data)
      }
      // Such as too little memory.
      worker.onerror = () => {
        clearTimeout(timer)
        this.#end(worker)
        resolve({ kind: 'failed', reason: 'the worker stopped' })
      }
      worker.postMessage(question)
    })
  }

  #end(worker: Worker): void {
    worker.terminate()
    this.#worker = undefined
  }
}

/**
 * Waits until the worker has read its script, which takes longest at the first time.
 *
 * @returns undefined if the browser refuses the worker, such as by a policy of its administrator
 */
function startWorker(url: string): Promise<Worker | undefined> {
  const worker = new Worker(url)
  return new Promise((resolve) => {
    worker.onmessage = () => resolve(worker)
    worker.onerror = () => resolve(undefined)
  })
}
