import { shellQuote } from '../../../command/grants/shell-quote.ts'
import {
  comparedKinds,
  type InstalledObject,
  installedKey,
  installedName,
} from '../model/installed.ts'
import type { Drift } from './find-drift.ts'

/** Longer commands would be cut off when they are printed. */
const maxLength = 1500

/**
 * The command that undoes a difference. It restores what was changed or removed, and removes what was added, which an
 * upgrade with Helm wouldn't.
 *
 * @param namespace - where the ConfigMap with the installed objects is
 */
export function restoreCommand(drift: Drift, namespace: string): string {
  const { object } = drift
  const installed = `kubectl get configmap ${installedName} --namespace ${shellQuote(namespace)} --output ${shellQuote(`go-template={{index .data "${installedKey(object)}"}}`)}`
  if (drift.kind === 'deleted') return `${installed} | kubectl create --filename -`
  // To replace the webhook configuration would remove caBundle, and addresses of the Service can't change.
  if (object.kind !== 'MutatingWebhookConfiguration' && object.kind !== 'Service')
    return `${installed} | kubectl replace --filename -`
  const patch = JSON.stringify(patchOf(drift))
  const command = `kubectl patch ${titleFor(object)} --type json --patch ${shellQuote(patch)}`
  return command.length <= maxLength
    ? command
    : `kubectl edit ${titleFor(object)}, by what ${installed} prints`
}

const titleFor = ({ kind, name, namespace }: InstalledObject): string =>
  [
    `${comparedKinds[kind]} ${shellQuote(name)}`,
    ...(namespace === '' ? [] : [`--namespace ${shellQuote(namespace)}`]),
  ].join(' ')

/** RFC 6902. `add` also replaces a member. */
function patchOf({ entry, field, wanted, found }: Extract<Drift, { kind: 'changed' }>) {
  if (entry === undefined) return [step(pointer(field.path), wanted)]
  if (found === undefined && field.path.length === 0) return [step('/webhooks/-', wanted)]
  const index = String(entry.index)
  return [
    // Somebody may have moved the entries meanwhile.
    { op: 'test', path: pointer(['webhooks', index, 'name']), value: entry.name },
    ...(field.name === 'service' && found === undefined
      ? [step(pointer(['webhooks', index, 'clientConfig', 'url']), undefined)]
      : []),
    step(pointer(['webhooks', index, ...field.path]), wanted),
  ]
}

const step = (path: string, value: unknown) =>
  value === undefined ? { op: 'remove', path } : { op: 'add', path, value }

const pointer = (parts: readonly string[]): string => parts.map((part) => `/${part}`).join('')
