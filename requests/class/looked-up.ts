/** What the core needs from the API server, as plain data: the shell looks it up, and the command line reads it from files. */

import type { ReadClassFiles } from './read-class-files.ts'

/** How the look-up of one object ended. `found` has the object as JSON, unchecked. */
export type Lookup =
  | { readonly kind: 'found'; readonly object: unknown }
  | { readonly kind: 'absent' }
  /** The cluster doesn't know the kind of the object. */
  | { readonly kind: 'no-kind' }
  /** The API server refused the request. */
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'timed-out'; readonly seconds: number }
  /** Anything else. `reason` completes "cannot be read: …" and has no text of the API server in it. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** For the command line: no file has the object. */
  | { readonly kind: 'not-in-files' }
  /** For the command line: several different objects of the files have the name. `sentence` says which. */
  | { readonly kind: 'unclear'; readonly sentence: string }

/** The objects that a review needs. A class that isn't in the map counts as not looked up. */
export interface LookedUp {
  /** By the name of the SecretProviderClass, in the namespace of the request. */
  readonly classes: ReadonlyMap<string, Lookup>
  /** The pod's ServiceAccount, if `accountNeeded` asked for it. */
  readonly account?: Lookup
  /** Default: {@link readClassFiles}. The webhook keeps what it has read. */
  readonly readFiles?: ReadClassFiles
}

export type LookedUpKind = 'SecretProviderClass' | 'ServiceAccount'

/** Why an object can't be used, as a sentence about it. */
export function lookupProblem(
  lookup: Exclude<Lookup, { readonly kind: 'found' }> | undefined,
  { kind, namespace }: { readonly kind: LookedUpKind; readonly namespace: string },
): string {
  switch (lookup?.kind) {
    case 'absent':
      return `namespace ${namespace} has no such ${kind}; apply it before the pod`
    case 'no-kind':
      return `this cluster has no kind ${kind}; install its CRD (csi.crd in the chart's values)`
    case 'forbidden':
      return "cannot be read: the API server answered 403 to the webhook (see csi in the chart's values)"
    case 'timed-out':
      return `cannot be read: the API server did not answer within ${lookup.seconds} s; try again`
    case 'failed':
      return `cannot be read: ${lookup.reason}`
    case 'not-in-files':
      return kind === 'ServiceAccount'
        ? 'is not among these files, and nothing else names the client to sign in as; add it to the files, with the annotation azure.workload.identity/client-id'
        : `is not among these files; pass the file that has it, or the output of kubectl get secretproviderclasses --namespace ${namespace} --output yaml`
    case 'unclear':
      return lookup.sentence
    case undefined:
      return 'was not looked up; try again'
    default:
      return lookup satisfies never
  }
}
