import { listNames } from '../../../lib/list-names.ts'
import type { NamedObject } from '../../input/objects/find-objects.ts'
import { titleOf } from '../../input/objects/title-of.ts'
import type { Placeholder, Placeholders } from '../../input/placeholders/placeholders.ts'
import type { Finding } from './finding.ts'
import { countedKind, type Verdict } from './verdict.ts'

type Account = Pick<NamedObject, 'namespace' | 'object'>

/**
 * Removes findings that depend on a placeholder without a value, because a problem with a stand-in may disappear once
 * there is a value. In all other text, puts back what the author wrote in place of stand-ins.
 *
 * @param accounts - the ServiceAccounts of the files
 */
export function settlePlaceholders(
  verdicts: readonly Verdict[],
  placeholders: Placeholders,
  accounts: readonly Account[],
) {
  const undecided = new Map<Placeholder, Set<string>>()
  const settled = verdicts.map((verdict) => {
    const { open, verdict: shown } = settle(verdict, placeholders)
    for (const placeholder of open) {
      const titles = undecided.get(placeholder) ?? new Set()
      undecided.set(placeholder, titles.add(titleOf(shown.subject)))
    }
    return shown
  })
  const unfilled = placeholders.unfilled()
  // What a chart leaves empty may be in an object of the External Secrets Operator that concerns other stores.
  const isNamed = ({ isOurs, chart }: Placeholder) => isOurs && chart === undefined
  const used = unfilled.every(isNamed)
    ? undefined
    : usedPlaceholders(verdicts, placeholders, accounts)
  const charts = new Set([...(used ?? []), ...undecided.keys()].map(({ chart }) => chart))
  const named = new Set([
    ...unfilled.filter(
      (one) => isNamed(one) || used?.has(one) || (one.chart !== undefined && charts.has(one.chart)),
    ),
    ...undecided.keys(),
  ])
  return {
    verdicts: settled,
    /** One warning for each placeholder without a value, and for each chart whose values leave something empty. */
    placeholders: [...Map.groupBy(named, (placeholder) => placeholder.chart ?? placeholder)].map(
      ([, group]) =>
        warningOf(group, new Set(group.flatMap((one) => [...(undecided.get(one) ?? [])]))),
    ),
  }
}

/** The placeholders in what is said of objects of ours, and in the accounts of their namespaces, which may have their identity. */
function usedPlaceholders(
  verdicts: readonly Verdict[],
  placeholders: Placeholders,
  accounts: readonly Account[],
): ReadonlySet<Placeholder> {
  const ours = verdicts.filter(
    (verdict) => countedKind(verdict) === undefined && verdict.outcome !== 'not-injected',
  )
  const namespaces = new Set(ours.map(({ subject }) => subject.namespace))
  const texts = [
    ...ours.map(textsOf),
    ...accounts.filter(({ namespace }) => namespaces.has(namespace)).map(({ object }) => object),
  ]
  return new Set(
    texts.flatMap((some) => placeholders.usedIn(some).map(({ placeholder }) => placeholder)),
  )
}

const textsOf = ({ subject, sentence, details, findings }: Verdict): readonly string[] => [
  subject.title,
  subject.namespace,
  sentence,
  ...details,
  ...findings.map(({ message }) => message),
]

function settle(
  verdict: Verdict,
  { show, restore }: Placeholders,
): { readonly verdict: Verdict; readonly open: readonly Placeholder[] } {
  const { subject, sentence, details, findings } = verdict
  const shownFindings = findings.map((finding) => {
    const { text: message, open } = show(finding.message)
    return { finding: { ...finding, message }, open: finding.severity === 'problem' ? open : [] }
  })
  const open = [...new Set(shownFindings.flatMap((shown) => shown.open))]
  const all = textsOf(verdict)
  // Most verdicts have no placeholder, and a copy of each takes memory.
  if (open.length === 0 && all.every((text) => restore(text) === text)) return { verdict, open }
  const left = shownFindings.flatMap((shown) => (shown.open.length === 0 ? shown.finding : []))
  const shown = {
    ...verdict,
    subject: { ...subject, title: restore(subject.title), namespace: restore(subject.namespace) },
    sentence: restore(sentence),
    details: details.map(restore),
    findings: left,
  }
  const names = open.map(({ text }) => text)
  const isOpen = open.length > 0 && !left.some(({ severity }) => severity === 'problem')
  return {
    open,
    verdict: isOpen
      ? {
          ...shown,
          outcome: 'undecided',
          sentence: `undecided without ${listNames(names, maxNamed)}`,
        }
      : shown,
  }
}

const maxNamed = 3

/** @param group - one placeholder, or all of a chart */
function warningOf(group: readonly Placeholder[], titles: ReadonlySet<string>): Finding {
  const [first] = group as readonly [Placeholder]
  const { position, isExpression, isComment, chart } = first
  const texts = listNames(
    group.map(({ text }) => text),
    maxNamed,
  )
  const uses = group.reduce((sum, one) => sum + one.uses, 0)
  const lack =
    chart === undefined
      ? `${texts} has no value here`
      : `the chart's default values leave empty: ${texts}`
  const parts = [
    `${lack}${uses > 1 ? ` (used ${uses} times, here first)` : ''}`,
    ...(chart === undefined ? [] : ['pass others with --values FILE']),
    ...(isComment ? ['it is a comment to YAML unless it is in quotes'] : []),
    ...(titles.size > 0 ? [`undecided without it: ${listNames([...titles], maxNamed)}`] : []),
    ...(isExpression ? ["a value isn't enough for this form, so check what is rendered"] : []),
  ]
  return { severity: 'warning', code: 'AKV_CHECK_PLACEHOLDER', message: parts.join('; '), position }
}
