import type { AkvError } from '../../lib/errors/akv-error.ts'
import type { SecretManifest } from './secret-manifest.ts'

/** The next step for one Secret. After a step that writes, the next one is planned on what the API server returned. */
export type SecretStep =
  /** The Secret is as desired, or isn't ours to change. */
  | { readonly kind: 'nothing' }
  /** Values are missing, or an earlier Secret of this name is still being deleted. */
  | { readonly kind: 'wait' }
  /** POST with our field manager. Atomic: it fails if the Secret exists, instead of merging into somebody else's. */
  | { readonly kind: 'create'; readonly secret: SecretManifest }
  /** JSON patch with our field manager. Changes who owns which fields, and nothing else. */
  | { readonly kind: 'claim'; readonly patch: readonly ClaimOperation[] }
  /** Server-side apply with our field manager; the manifest carries the uid. `force` only to adopt. */
  | { readonly kind: 'apply'; readonly secret: SecretManifest; readonly force: boolean }
  /** DELETE with the uid as precondition. */
  | { readonly kind: 'delete'; readonly uid: string; readonly reason: DeletionReason }
  /** A person has to act first. The Secret stays as it is. */
  | { readonly kind: 'blocked'; readonly error: AkvError }

/**
 * `unwanted`: the account no longer requests the Secret; `renewed`: the account was deleted and created again, and so is
 * the Secret; `emptied`: its objects are gone from the vault, and `on-deleted` is `remove`.
 */
export type DeletionReason = 'unwanted' | 'renewed' | 'emptied'

/** Operations of a JSON patch (RFC 6902). */
export type ClaimOperation =
  | { readonly op: 'test' | 'replace'; readonly path: string; readonly value: string }
  | { readonly op: 'remove'; readonly path: string }
