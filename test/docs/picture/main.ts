import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makePictures } from './make-pictures.ts'

/** `npm run picture`: draws the README's pictures from a run of the demo. */
const root = join(import.meta.dirname, '../../..')
for (const [path, svg] of Object.entries(await makePictures())) writeFileSync(join(root, path), svg)
