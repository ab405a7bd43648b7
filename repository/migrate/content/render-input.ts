import { planRendering } from '../../input/render/plan-rendering.ts'
import { settleRefused } from '../../input/render/refused.ts'
import { type Rendered, renderFolders } from '../../input/render/render-folders.ts'
import { type FoundFiles, findFiles } from '../../input/text/find-files.ts'

/** The files to read, and the text of each folder that was rendered. */
export interface FoundTexts extends FoundFiles {
  readonly rendered: readonly Pick<Rendered, 'source' | 'text'>[]
}

/**
 * Finds files, and renders the charts and Kustomize folders among them. What Flux would patch and fill in isn't, because
 * that is in no file.
 *
 * @param options - `namespace`: of the charts' releases; `values`: files with values for charts
 */
export async function renderInput(
  paths: readonly string[],
  options: {
    readonly command: string
    readonly namespace: string
    readonly values: readonly string[]
  },
): Promise<FoundTexts> {
  const { command } = options
  const everything = findFiles(paths, { command, renders: ['kustomization', 'chart'] })
  const { roots, refused, ...plan } = planRendering(everything, { command, named: paths })
  const failed = [...refused]
  const rendered: Rendered[] = []
  for await (const result of renderFolders(roots, options))
    if ('errors' in result) failed.push(result)
    else rendered.push(result)
  const reads = rendered.flatMap(({ root }) => root.reads)
  const settled = settleRefused(failed, { isRequired: true, rendered: reads })
  return {
    ...everything,
    files: plan.files,
    unrendered: [],
    skipped: [...plan.skipped, ...settled.skipped],
    errors: [...plan.errors, ...settled.errors],
    rendered,
  }
}
