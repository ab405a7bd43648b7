/** Writes one generation after another into a volume until it is killed: `set-writer.ts VOLUME`. */

import { readFileSet } from '../../../init-agent/volume/read-file-set.ts'
import { prepareFileSet } from '../../../init-agent/volume/write-file-set.ts'
import { generationFiles } from './generations.ts'

const [volume = ''] = process.argv.slice(2)
const last = readFileSet(volume)?.files.get('number')?.bytes
let generation = last ? Number(Buffer.from(last).toString()) : 0
process.stdout.write('ready\n')
for (;;) prepareFileSet(volume, generationFiles(++generation)).commit()
