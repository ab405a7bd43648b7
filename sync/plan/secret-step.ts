import type { AkvError } from '../../lib/errors/akv-error.ts'
import type { SecretManifest } from './secret-manifest.ts'

/** What is to be done with one Secret next. After a step that wrote, the Secret is read and planned again. */
export type SecretStep =
  /** It is as it should be, or is none of our business. */
  | { readonly kind: 'nothing' }
  /** It can't be as it should yet: values are missing, or the one before is still being deleted. */
  | { readonly kind: 'wait' }
  /** POST with our field manager: atomic, never merged into somebody else's. */
  | { readonly kind: 'create'; readonly secret: SecretManifest }
  /** JSON patch with our field manager: changes who holds which field, and nothing else. */
  | { readonly kind: 'claim'; readonly patch: readonly ClaimOperation[] }
  /** Server-side apply with our field manager; the manifest carries the uid. `force` only to adopt. */
  | { readonly kind: 'apply'; readonly secret: SecretManifest; readonly force: boolean }
  /** With the uid as precondition. */
  | { readonly kind: 'delete'; readonly uid: string; readonly reason: DeletionReason }
  /** Somebody has to do something; the Secret stays as it is. */
  | { readonly kind: 'blocked'; readonly error: AkvError }

/**
 * `unwanted`: the account asks for it no more; `renewed`: to be made anew, as its account was; `emptied`: the vault has
 * nothing for it any more, and `on-deleted` is `remove`.
 */
export type DeletionReason = 'unwanted' | 'renewed' | 'emptied'

/** Of RFC 6902. */
export type ClaimOperation =
  | { readonly op: 'test' | 'replace'; readonly path: string; readonly value: string }
  | { readonly op: 'remove'; readonly path: string }
