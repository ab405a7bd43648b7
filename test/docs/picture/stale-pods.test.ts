import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stalePodsFile, stalePodsPictures } from './stale-pods-chart.ts'

const root = join(import.meta.dirname, '../../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

t.test('the pictures of stale pods show the recorded run', async (t) => {
  for (const [path, svg] of Object.entries(stalePodsPictures(JSON.parse(read(stalePodsFile))))) {
    t.equal(read(path), svg, path)
    t.match(read('docs/operate.md'), path.replace('docs/', ''))
  }
})
