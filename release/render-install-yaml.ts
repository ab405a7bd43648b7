import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { placeholderRepository } from '../image/placeholder-repository.ts'

const manifests = join(import.meta.dirname, '../manifests')

/** `install.yaml` can't know its cluster, so it names the oldest version on which pods may use every annotation. */
const kubernetes = '1.35.0'

const ofCheckout = `# The chart, rendered with its default values. Replace ${placeholderRepository} by the name of your image
# before you apply this file: nobody can publish an image under that name (docs/install.md, "Without Helm").
`

/** The labels of a release of Helm. Nothing manages the objects of `install.yaml`. */
const labelsOfHelm = /^ +(app\.kubernetes\.io\/managed-by: Helm|helm\.sh\/chart: .*)\n/gm

/**
 * Renders `install.yaml` from a chart with its default values, without the labels of Helm.
 *
 * @param options.comment - the lines above the manifests, each with a `#`
 * @throws Error if Helm is missing or refuses the chart
 */
export function renderInstallYaml(options: {
  readonly chart: string
  /** The image, if the chart doesn't name it. */
  readonly repository?: string
  readonly comment: string
}): string {
  const { chart, repository, comment } = options
  const rendered = execFileSync(
    process.env['HELM'] ?? 'helm',
    [
      ...['template', 'akv-injector', chart, '--kube-version', kubernetes, '--skip-tests'],
      ...(repository === undefined ? [] : ['--set', `image.repository=${repository}`]),
    ],
    { encoding: 'utf8' },
  )
  return comment + rendered.replace(labelsOfHelm, '')
}

/** The checkout's `manifests/install.yaml`, whose image can't be pulled. */
export const renderCheckoutInstallYaml = (): string =>
  renderInstallYaml({
    chart: join(manifests, 'chart'),
    repository: placeholderRepository,
    comment: ofCheckout,
  })

if (import.meta.main) writeFileSync(join(manifests, 'install.yaml'), renderCheckoutInstallYaml())
