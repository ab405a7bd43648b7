/** What a page can ask the commands about its manifest. */
export type CommandName =
  | 'check'
  | 'findings'
  | 'inject'
  | 'difference'
  | 'migrate'
  | 'identity'
  | 'rbac'

export interface Question {
  readonly command: CommandName
  /** The manifests, as YAML or JSON. */
  readonly text: string
  readonly namespace: string
  /** The administrator's settings, by the name of their variable. */
  readonly settings: Readonly<Record<string, string>>
}

/** What the command would print in a terminal. */
export interface Answer {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** Our own mistake, such as a part of Node.js that has no stand-in. */
  | { readonly kind: 'failed'; readonly reason: string }
