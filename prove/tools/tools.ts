import type { JsonObject } from '../../lib/shape.ts'

/** How a program ended. `code` is undefined if it didn't end by itself. */
export interface Ran {
  readonly code: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** An answer of the emulator's control interface. `status` is undefined if there was none. */
export interface ControlAnswer {
  readonly status: number | undefined
  readonly body: unknown
}

/** A call that a plan or a step makes, as data. */
export type ToolCall =
  | {
      readonly tool: 'kubectl'
      readonly args: readonly string[]
      /** Written to a file, which is the last argument. */
      readonly objects?: readonly JsonObject[]
    }
  /** The values are written to a file, which is the last of `--values`. */
  | { readonly tool: 'helm'; readonly args: readonly string[]; readonly values?: JsonObject }
  /** The command line itself. */
  | { readonly tool: 'akv-injector'; readonly args: readonly string[] }
  | {
      readonly tool: 'terraform'
      readonly args: readonly string[]
      /** The root module. It is written to an empty folder, in which the next calls run, too. */
      readonly root?: JsonObject
    }
  /** Its output is JSON, if it has one. */
  | { readonly tool: 'az'; readonly args: readonly string[] }

/** A request to the control interface, as data. */
export type ControlRequest =
  | { readonly path: '/names' | '/connection' }
  | {
      readonly path: '/add' | '/remove' | '/rotate' | '/set' | '/faults'
      readonly body: JsonObject
    }
  /** Ends the faults of a vault. */
  | { readonly path: '/faults'; readonly method: 'DELETE'; readonly vault: string }

export type ProofCall = ToolCall | ControlRequest

/** @param abortWaiting - ends only the wait for a sign-in, and not a program that runs. Default: `abort` */
export type ToolsFor = (abort: AbortSignal, abortWaiting?: AbortSignal) => Tools

/** Everything that a run uses to change and to see anything. */
export interface Tools {
  run(call: ToolCall): Promise<Ran>
  control(request: ControlRequest): Promise<ControlAnswer>
}
