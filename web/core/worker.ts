import { answer } from './answer.ts'
import type { Question, WorkerMessage } from './question.ts'

/** The worker answers one question after the other. The page ends it if an answer takes too long. */
addEventListener('message', ({ data }: MessageEvent<Question>) => {
  answer(data).then(
    (value) => post({ kind: 'answer', answer: value }),
    (error: unknown) =>
      post({ kind: 'failed', reason: error instanceof Error ? error.message : 'unknown' }),
  )
})

const post = (message: WorkerMessage): void => postMessage(message)

// The page's clock starts when the script has been read.
post({ kind: 'ready' })
