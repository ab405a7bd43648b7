import { type AgentConfig, maxListedPages, secretsInPage } from '../../../delivery/contract.ts'
import { annotationPath, plainProblem } from '../../../lib/problems/problem.ts'
import { objectAt } from '../../../lib/shape.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import { toPlain } from '../../input/document/to-plain.ts'
import type { PodTemplate } from '../../input/objects/find-objects.ts'
import { warningFindings } from '../findings/finding.ts'
import type { RepeatedLists, Verdict } from '../findings/verdict.ts'

/** Key Vault serves 4,000 requests in 10 seconds to all clients of a vault. */
const servedPerSecond = 400
/** A list that is refused begins again, so that lists need about as much again (docs/performance.md, "Pods that find secrets"). */
const mostPerSecond = servedPerSecond / 2

/** Says what the pods of a template list in each refresh. `spec.replicas` is how many there are. Without it, they count as one. */
export function repeatedLists(
  { manifest, ownerPath }: PodTemplate,
  { finds = [], refreshSeconds }: Pick<AgentConfig, 'finds' | 'refreshSeconds'>,
): RepeatedLists | undefined {
  if (finds.length === 0 || refreshSeconds === 0) return undefined
  const { replicas } = objectAt(toPlain(manifest), ...ownerPath, 'spec')
  const pods = typeof replicas === 'number' && replicas >= 0 ? replicas : 1
  return { vaults: new Set(finds.map(({ vault }) => vault)), pods, refreshSeconds }
}

/**
 * Adds a warning for each vault whose lists may take too much of its limit, to the verdict whose pods list it most often. How many
 * secrets a vault has isn't known, so this assumes as many as a pod may list.
 */
export function withBusyVaults(verdicts: readonly Verdict[]): readonly Verdict[] {
  const listings = verdicts.flatMap((verdict): readonly Listing[] => {
    const { lists } = verdict
    return lists ? [...lists.vaults].map((vault) => ({ verdict, lists, vault })) : []
  })
  if (listings.length === 0) return verdicts
  const byVault = Map.groupBy(listings, ({ vault }) => vault)
  const warnings = [...byVault.values()].flatMap((some) => {
    const sentence = whyBusy(some)
    const [most] = some.toSorted((a, b) => listsPerSecond(b) - listsPerSecond(a))
    return most && sentence ? [{ to: most.verdict, sentence }] : []
  })
  const byVerdict = Map.groupBy(warnings, ({ to }) => to)
  return verdicts.map((verdict) => {
    const own = byVerdict.get(verdict)
    if (own === undefined) return verdict
    const problems = own.map(({ sentence }) => plainProblem(sentence, findsPath))
    const findings = warningFindings(verdict.subject, problems)
    return { ...verdict, findings: [...verdict.findings, ...findings] }
  })
}

const findsPath = annotationPath(`${annotationPrefix}secrets`)

interface Listing {
  readonly verdict: Verdict
  readonly lists: RepeatedLists
  readonly vault: string
}

const listsPerSecond = ({ lists: { pods, refreshSeconds } }: Listing): number =>
  pods / refreshSeconds

function whyBusy(listings: readonly Listing[]): string | undefined {
  const lists = sum(listings.map(listsPerSecond))
  if (lists * maxListedPages <= mostPerSecond) return undefined
  const pods = show(sum(listings.map((listing) => listing.lists.pods)))
  const enough = Math.floor(mostPerSecond / lists) * secretsInPage
  const condition = enough > 0 ? `if the vault has more than ${show(enough)} secrets, ` : ''
  return [
    `${pods} pods in these files list vault ${listings[0]?.vault}, with up to ${show(lists * maxListedPages)} requests a second if it has ${show(maxListedPages * secretsInPage)} secrets, the most that a pod may list`,
    `Key Vault serves ${servedPerSecond} a second to all clients of a vault, and lists need half of that free`,
    `${condition}name objects instead of finding them, or refresh less often`,
  ].join('; ')
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const show = (value: number): string => Math.round(value).toLocaleString('en')
