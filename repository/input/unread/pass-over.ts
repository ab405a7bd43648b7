import { isMap, isSeq } from 'yaml'
import { type Manifest, treeOf } from '../document/manifest.ts'
import type { FileError } from '../text/file-error.ts'
import { findTemplate } from '../text/find-template.ts'
import { looksLikeManifest } from '../text/looks-like-manifest.ts'
import { readStart } from '../text/read-start.ts'
import { type HeldPlace, heldIn } from './search-skipped.ts'
import type { Unread } from './unread.ts'

/** A file in a folder that isn't read, because it isn't a manifest. */
export interface PassedOver {
  readonly path: string
  readonly reason: string
  /** Whether it was meant as a manifest. */
  readonly isManifest: boolean
  /** Whether it is named even if it has nothing to check. Absent: no. */
  readonly isNamed?: boolean
  /** Whether another program has to fill it in. */
  readonly isTemplate?: boolean
  readonly held?: HeldPlace
  /** Its text, if that mentions classes or the External Secrets Operator. */
  readonly text?: string
}

const maxBytes = 64 * 1024 * 1024

/**
 * Decides whether a file that can't be parsed is passed over: if it isn't meant as a manifest, has to be rendered first, or
 * has nothing to check (docs/specification.md, "Files that aren't manifests").
 *
 * @returns undefined if the error counts
 */
export function passOverBroken(path: string, error: FileError): PassedOver | undefined {
  const start = readStart(path, maxBytes)
  if (start === undefined) return undefined
  const { text } = start
  const isManifest = looksLikeManifest(text)
  const isTemplate = isManifest && isTemplateText(text)
  const file = passedOver(path, {
    ...start,
    reason: isTemplate ? 'is a template; render it first' : reasonOf(error),
    isManifest,
    isNamed: isManifest && needed.test(text),
    isTemplate,
  })
  return isManifest && !isTemplate && file.held !== undefined ? undefined : file
}

/** What others may need, or be made from: the client of an account, and objects of Flux and Argo CD. */
const needed =
  /azure\.workload\.identity\/|kind["']?\s*:\s*["']?(?:Kustomization|HelmRelease|Application|ApplicationSet)\b/

const reasonOf = ({ position: { line }, sentence }: FileError): string =>
  line === undefined ? sentence : `line ${line}: ${sentence}`

function passedOver(
  path: string,
  {
    text,
    isWhole,
    maxBytes,
    ...others
  }: Omit<PassedOver, 'path' | 'held' | 'text'> & Parameters<typeof heldIn>[1],
): PassedOver {
  const held = heldIn(path, { text, isWhole, maxBytes })
  return { path, ...others, ...(held && { held }), ...(mentions.test(text) && { text }) }
}

const mentions = /secretProviderClass|external-secrets\.io|storeRef/i

const isTemplateText = (text: string): boolean =>
  /^[ \t]*\{%/m.test(text) || findTemplate(text, 'any') !== undefined

/** Passes a file over that has valid documents, but none of an object of Kubernetes. */
export const passOverForeign = (path: string, text: string): PassedOver =>
  passedOver(path, { text, isWhole: true, reason: notObjects, isManifest: false })

/** Passes the template of a manifest over, which has to be filled in by another program. */
export function passOverTemplate(path: string): PassedOver {
  const start = readStart(path, maxTemplateBytes) ?? { text: '', isWhole: true }
  return passedOver(path, {
    ...start,
    maxBytes: maxTemplateBytes,
    reason: 'is a template; fill it in first',
    isManifest: false,
    isTemplate: true,
  })
}

/** Of templates, there may be as many as of manifests. */
const maxTemplateBytes = 1024 * 1024

const notObjects = "has no apiVersion and kind, so it isn't a manifest"

/** Whether a text can't have an object of Kubernetes, without parsing it. */
export const isForeignText = (text: string): boolean => !/apiVersion|kind/.test(text)

/** Whether a document isn't an object of Kubernetes, or a list of some. */
export function isForeign(manifest: Manifest): boolean {
  if (manifest.item !== undefined) return false
  const { contents } = treeOf(manifest)
  return isSeq(contents) ? !contents.items.some(isObjectNode) : !isObjectNode(contents)
}

const isObjectNode = (node: unknown): boolean =>
  isMap(node) && (node.has('apiVersion') || node.has('kind'))

/**
 * What `check` has to know of a file that was passed over: it may define objects. A template may become anything, or nothing at all, so
 * the warning about it is enough.
 */
export const doubtsOf = (file: PassedOver): readonly Unread[] =>
  !file.isTemplate && (file.isManifest || file.held !== undefined) ? unreadOf(file) : []

/** What `migrate` has to know of a file that was passed over: it may use objects. */
export const unreadOf = ({ path, text }: PassedOver): readonly Unread[] =>
  text === undefined ? [] : [{ path, isFile: true, text, reason: "can't be read" }]
