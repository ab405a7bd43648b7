import { isDeepStrictEqual } from 'node:util'
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { isObject, type JsonObject } from '../../lib/shape.ts'
import { changeBlock } from './change-block.ts'
import { changeFlow } from './change-flow.ts'
import { memberOf } from './edit-value.ts'
import type { CollectionChange, CollectionEntry, Edit, Editing } from './entry.ts'
import { matchItems } from './match-items.ts'
import type { Format } from './render-value.ts'
import { isCollectionToken, itemsOf, type TokenItem } from './token-places.ts'

/** A document's value before and after the change. */
interface Values {
  readonly before: unknown
  readonly after: unknown
}

/**
 * Finds the edits that turn the value of a document into another one, in the order of the text. Only what differs is
 * touched: comments, quotes, the order of keys and the indentation of everything else stay. The caller has to verify the
 * result, because YAML has more forms than this function knows.
 *
 * @param document - parsed with its source tokens (`keepSourceTokens`) from `text`
 * @returns undefined if the text has a form that can't be edited
 */
export function editText(
  document: Document,
  values: Values,
  { text, format }: { readonly text: string; readonly format: Format },
): readonly Edit[] | undefined {
  const { contents } = document
  const editing = { text, format, edits: [] as Edit[] }
  const walk: Walk = { editing, changedAnchors: new Set(), canEdit: true }
  if (hasAliases(document)) findChangedAnchors(contents, values, walk.changedAnchors)
  if (isReplaced(contents, values, walk)) return undefined
  editNode(contents, values, walk)
  const edits = editing.edits.toSorted((a, b) => a.start - b.start || a.end - b.end)
  const overlaps = edits.some(({ start }, index) => start < (edits[index - 1]?.end ?? 0))
  return walk.canEdit && !overlaps ? edits : undefined
}

/** Returns the text with the edits applied. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const parts: string[] = []
  let copiedTo = 0
  for (const edit of edits) {
    parts.push(text.slice(copiedTo, edit.start), edit.text)
    copiedTo = edit.end
  }
  return [...parts, text.slice(copiedTo)].join('')
}

interface Walk {
  readonly editing: Editing
  /** The anchors of nodes whose value changes. Their aliases keep the earlier value, so it has to be written out. */
  readonly changedAnchors: Set<string>
  canEdit: boolean
}

function hasAliases(document: Document): boolean {
  let found = false
  visit(document, {
    Alias: () => {
      found = true
      return visit.BREAK
    },
  })
  return found
}

function findChangedAnchors(node: unknown, { before, after }: Values, anchors: Set<string>): void {
  if (isDeepStrictEqual(before, after)) return
  if ((isCollection(node) || isScalar(node)) && node.anchor !== undefined) anchors.add(node.anchor)
  if (isMap(node) && isObject(before) && isObject(after))
    for (const { key, value } of node.items) {
      const name = keyName(key)
      findChangedAnchors(
        value,
        { before: memberOf(before, name), after: memberOf(after, name) },
        anchors,
      )
    }
  if (isSeq(node) && Array.isArray(before) && Array.isArray(after))
    for (const [index, oldIndex] of matchItems(before, after).entries())
      if (oldIndex !== undefined)
        findChangedAnchors(
          node.items[oldIndex],
          { before: before[oldIndex], after: after[index] },
          anchors,
        )
}

const keyName = (key: unknown): string => String((isScalar(key) ? key.value : undefined) ?? '')

function editNode(node: unknown, { before, after }: Values, walk: Walk): void {
  if (walk.changedAnchors.size === 0 && isDeepStrictEqual(before, after)) return
  const entries = entriesOf(node, { before, after }, walk)
  if (entries === undefined) return
  const token = isCollection(node) ? node.srcToken : undefined
  if (entries === 'unknown' || !isCollectionToken(token)) walk.canEdit = false
  else change({ token, entries }, walk.editing)
}

/** Undefined for a scalar, inside of which nothing is edited. */
function entriesOf(
  node: unknown,
  { before, after }: Values,
  walk: Walk,
): readonly CollectionEntry[] | 'unknown' | undefined {
  if (isMap(node))
    return isObject(before) && isObject(after)
      ? mapEntries(node, { before, after }, walk)
      : 'unknown'
  if (isSeq(node))
    return Array.isArray(before) && Array.isArray(after)
      ? listEntries(node, { before, after }, walk)
      : 'unknown'
  return undefined
}

function change({ token, entries }: CollectionChange, editing: Editing): void {
  if (token.type === 'flow-collection') changeFlow({ token, entries }, editing)
  else changeBlock({ token, entries }, editing)
}

function mapEntries(
  node: YAMLMap,
  { before, after }: { readonly before: JsonObject; readonly after: JsonObject },
  walk: Walk,
): readonly CollectionEntry[] | 'unknown' {
  const entries: CollectionEntry[] = []
  const written = new Set<string>()
  for (const { key, value, srcToken: item } of node.items as readonly Pair[]) {
    if (item === undefined || !isScalar(key)) return 'unknown'
    const name = keyName(key)
    written.add(name)
    entries.push(
      // A merge key (`<<`) has no value of its own.
      Object.hasOwn(before, name) && !Object.hasOwn(after, name)
        ? { kind: 'removed', item }
        : entryOf(
            item,
            { value, key: name, before: memberOf(before, name), after: memberOf(after, name) },
            walk,
          ),
    )
  }
  const added = Object.keys(after)
    .filter((key) => !written.has(key))
    .filter((key) => !isDeepStrictEqual(memberOf(before, key), memberOf(after, key)))
    .map((key): CollectionEntry => ({ kind: 'added', key, value: memberOf(after, key) }))
  return [...entries, ...added]
}

function listEntries(
  node: YAMLSeq,
  { before, after }: { readonly before: readonly unknown[]; readonly after: readonly unknown[] },
  walk: Walk,
): readonly CollectionEntry[] | 'unknown' {
  const token = node.srcToken
  const items = isCollectionToken(token) ? itemsOf(token) : []
  if (items.length !== node.items.length || before.length !== items.length) return 'unknown'
  const entries: CollectionEntry[] = []
  let next = 0
  const removeUntil = (end: number) => {
    for (const item of items.slice(next, end)) entries.push({ kind: 'removed', item })
  }
  for (const [index, oldIndex] of matchItems(before, after).entries()) {
    const item = oldIndex === undefined ? undefined : items[oldIndex]
    if (oldIndex === undefined || item === undefined) {
      entries.push({ kind: 'added', value: after[index] })
      continue
    }
    removeUntil(oldIndex)
    const values = { before: before[oldIndex], after: after[index] }
    entries.push(entryOf(item, { value: node.items[oldIndex], ...values }, walk))
    next = oldIndex + 1
  }
  removeUntil(items.length)
  return entries
}

function entryOf(
  item: TokenItem,
  { value, key, ...values }: Values & { readonly value: unknown; readonly key?: string },
  walk: Walk,
): CollectionEntry {
  return isReplaced(value, values, walk)
    ? { kind: 'replaced', item, ...(key !== undefined && { key }), value: values.after }
    : { kind: 'kept', item, descend: () => editNode(value, values, walk) }
}

/** Whether a value has to be written anew, because nothing of its source can stay. */
function isReplaced(node: unknown, { before, after }: Values, walk: Walk): boolean {
  if (isAlias(node))
    return walk.changedAnchors.has(node.source) || !isDeepStrictEqual(before, after)
  if (isDeepStrictEqual(before, after)) return false
  if (isMap(node) && isObject(before) && isObject(after))
    return !Object.keys(before).some((key) => Object.hasOwn(after, key))
  if (isSeq(node) && Array.isArray(before) && Array.isArray(after))
    return !matchItems(before, after).some((oldIndex) => oldIndex !== undefined)
  return true
}
