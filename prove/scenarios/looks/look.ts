import type { KubeObject } from '../../plan/resource.ts'
import type { ToolCall } from '../../tools/tools.ts'

/** The text that a file, a variable or a Secret must have: all of it, or how it begins. */
export type WantedText = { readonly equals: string } | { readonly begins: string }

/** A look at the cluster, as data. */
export type Look =
  | {
      readonly at: 'file'
      readonly pod: string
      readonly path: string
      readonly wanted: WantedText
      /** The file isn't text, so it is compared in base64. */
      readonly isBinary?: true
    }
  | {
      readonly at: 'variable'
      readonly pod: string
      readonly name: string
      readonly wanted: WantedText
    }
  /** The error code that the agent logged last. */
  | { readonly at: 'agent-code'; readonly pod: string }
  /** Whether the pod has an agent. */
  | { readonly at: 'injection'; readonly pod: string }
  /** Whether the app waits at a gate instead of behind a probe. */
  | { readonly at: 'gate'; readonly pod: string }
  | {
      readonly at: 'secret'
      readonly name: string
      readonly key: string
      readonly wanted: WantedText
    }
  /** Whether an object has an annotation that contains this text. */
  | {
      readonly at: 'annotation'
      /** Such as `deployment/web`. */
      readonly object: string
      /** The member that has the annotations. */
      readonly within: readonly string[]
      readonly key: string
      readonly text: string
    }
  /** What the API server would make of a new pod. Nothing is created. If `agentCpu` is given, the agent must request that. */
  | { readonly at: 'admission'; readonly pod: KubeObject; readonly agentCpu?: string }
  /** Whether the app of the pod runs. */
  | { readonly at: 'app'; readonly pod: string }
  /** Whether anything of the install is left that uninstalling has to remove. */
  | { readonly at: 'leftovers' }
  /** The exit code of a command of ours, or of Helm. */
  | { readonly at: 'exit'; readonly call: ToolCall & { readonly tool: 'akv-injector' | 'helm' } }
