import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { withoutVariation } from './demo-lines.ts'
import { makePictures } from './make-pictures.ts'

const root = join(import.meta.dirname, '../../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

t.test('the pictures and the walk-through show what the demo prints today', async (t) => {
  for (const [path, svg] of Object.entries(await makePictures())) {
    const problem = `${path} is out of date: run "npm run picture"`
    t.equal(withoutVariation(read(path)), withoutVariation(svg), problem)
    const page = path.includes('demo-') ? 'README.md' : 'docs/walkthrough.md'
    if (path !== page) t.match(read(page), path.replace(/^docs\/(?=.*walk)/, ''))
  }
})

t.test('the annotations beside the pictures are those of the demo’s pod', async (t) => {
  const annotations = (text: string) =>
    [...text.matchAll(/^ *(akv-injector\.io\/.*?)( +#.*)?$/gm)].map(([, line]) => line)
  const [, shown = ''] = /```yaml\n([\s\S]*?)```/.exec(read('README.md')) ?? []
  const ofDemo = annotations(read('manifests/examples/refresh.yaml'))
  t.equal(ofDemo.length, 4)
  t.strictSame(annotations(shown), ofDemo)
})
