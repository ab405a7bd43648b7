import { createContext, runInContext } from 'node:vm'
import { bundleWorker } from '../../web/build/bundle-script.ts'

/** As web/core/question.ts describes them. Tests don't import it, because its folder is checked with the types of browsers. */
interface Asked {
  readonly command: string
  readonly text: string
  readonly namespace: string
  readonly settings: Readonly<Record<string, string>>
}

interface Answered {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

type Message =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly answer: Answered }
  | { readonly kind: 'failed'; readonly reason: string }

/** A browser's copy has the prototypes of its own context, and so must this one. For data, as manifests have. */
const structuredClone = `function structuredClone(value) {
  if (Array.isArray(value)) return value.map(structuredClone)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, structuredClone(one)]))
}`

/** Runs the script of the page's worker in a context with some of what browsers have, and with nothing of Node. */
export async function startWorkerInNode() {
  const { text: script } = await bundleWorker()
  const messages: Message[] = []
  const listeners: ((event: { readonly data: Asked }) => void)[] = []
  let receive = (message: Message): unknown => messages.push(message)
  const context = createContext({
    addEventListener: (_type: string, listener: (event: { readonly data: Asked }) => void) =>
      listeners.push(listener),
    postMessage: (message: Message) => receive(message),
    ...{ TextDecoder, TextEncoder, URL, crypto, performance },
  })
  runInContext(structuredClone, context)
  runInContext(script, context)
  return {
    messages,
    ask: (data: Asked) =>
      new Promise<Answered>((resolve, reject) => {
        receive = (message) => {
          if (message.kind === 'answer') resolve(message.answer)
          if (message.kind === 'failed') reject(new Error(message.reason))
        }
        for (const listener of listeners) listener({ data })
      }),
  }
}
