import { join } from 'node:path'
import { once } from '../../../lib/cached.ts'
import { chartName, literalsIn, type OpenChart } from '../placeholders/chart-gaps.ts'
import { defaultBounds, textsIn } from './search-skipped.ts'

/** A chart in a folder that was rendered with its default values. Its templates are read when something is empty. */
export const openChart = (folder: string): OpenChart => ({
  name: chartName(folder),
  literals: once(() => literalsIn(textsOf(join(folder, 'templates')))),
})

function* textsOf(folder: string): Generator<string> {
  for (const file of textsIn(folder, { ...defaultBounds })) if ('text' in file) yield file.text
}
