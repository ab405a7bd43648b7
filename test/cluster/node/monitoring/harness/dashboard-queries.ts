import type { Manifest } from '../../../../manifests/rendered.ts'

export interface DashboardQuery {
  /** The title of its panel. */
  readonly title: string
  readonly expression: string
  /** The labels that its legend shows. */
  readonly labels: readonly string[]
}

/** Returns the queries of the dashboard as Grafana sends them, with all namespaces chosen. */
export function dashboardQueries(
  { panels }: Manifest,
  { intervalSeconds }: { readonly intervalSeconds: number },
): readonly DashboardQuery[] {
  const all: readonly Manifest[] = panels
  return all
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
}
