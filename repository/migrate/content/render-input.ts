import { planRendering, type RenderPlan } from '../../input/plan/plan-rendering.ts'
import { readRendered } from '../../input/plan/read-rendered.ts'
import type { ChartSettings } from '../../input/render/chart-options.ts'
import type { Rendered } from '../../input/render/render-folders.ts'
import { type FoundFiles, findFiles } from '../../input/text/find-files.ts'

/** The files to read, and the text of each folder that was rendered. */
export interface FoundTexts extends FoundFiles {
  readonly rendered: readonly Pick<Rendered, 'source' | 'text'>[]
  /** What is known of releases and Applications. Absent if nothing is rendered. */
  readonly releases?: RenderPlan['releases']
}

/**
 * Finds files, and renders the charts and Kustomize folders among them, each chart for its releases. What Flux or Argo CD would
 * change with Kustomize isn't, because that is in no file.
 *
 * @param options - `namespace`: of the charts' releases
 */
export async function renderInput(
  paths: readonly string[],
  options: ChartSettings & { readonly command: string; readonly namespace: string },
): Promise<FoundTexts> {
  const { command } = options
  const everything = findFiles(paths, { command, renders: ['kustomization', 'chart'] })
  const plan = planRendering(everything, { command, named: paths, follows: ['chart'] })
  const rendered = await readRendered(plan, { ...options, isRequired: true, read: (text) => text })
  return {
    ...everything,
    files: plan.files,
    unrendered: [],
    skipped: rendered.skipped,
    errors: [...plan.errors, ...rendered.errors],
    rendered: rendered.read,
    releases: plan.releases,
  }
}
