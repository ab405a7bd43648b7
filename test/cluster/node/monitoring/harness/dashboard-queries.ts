import type { Manifest } from '../../../../manifests/rendered.ts'

export interface DashboardQuery {
  /** The title of its panel. */
  readonly title: string
  readonly expression: string
  /** The labels that its legend shows. */
  readonly labels: readonly string[]
}

/** Returns the queries of the dashboard as Grafana sends them, with all namespaces chosen, and those of its variables. */
export function dashboardQueries(
  { panels, templating }: Manifest,
  { intervalSeconds }: { readonly intervalSeconds: number },
): readonly DashboardQuery[] {
  const all: readonly Manifest[] = panels
  const ofPanels = all
    .filter(({ type }) => type !== 'row')
    .flatMap(({ title, targets }) =>
      targets.map(
        ({ expr, legendFormat = '' }: Readonly<Record<'expr' | 'legendFormat', string>>) => ({
          title,
          expression: expr
            // Grafana takes four intervals of the scrapes, or more.
            .replaceAll('$__rate_interval', `${4 * intervalSeconds}s`)
            .replaceAll('$namespace', '.*'),
          labels: [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label),
        }),
      ),
    )
  return [...ofPanels, ...templating.list.flatMap(variableQueries)]
}

function variableQueries({ name, query }: Manifest): readonly DashboardQuery[] {
  const [, expression, label] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? []
  return expression && label ? [{ title: name, expression, labels: [label] }] : []
}
