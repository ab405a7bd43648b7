// npm run cluster:bench [-- --smoke | --record]: prints the times of pod starts and rotations. It fails if a start, compared
// with one of a pod without us, takes more than twice the ratio in test/bench/ratios.json; --record writes the ratios there.
// Compare figures only within one run.

import { type Bench, type Figure, printFigures } from '../../../bench/bench.ts'
import { recordOrCompare } from '../../../bench/record.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { benchNode } from './bench-node.ts'
import { benchRotation } from './rotation.ts'
import { benchOutages, benchStarts } from './starts.ts'

const isSmoke = process.argv.includes('--smoke')
const node = benchNode()
expectSuccess(
  await node.cluster.apply({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'web', namespace: 'default' },
  }),
)
const tables: Readonly<Record<string, { readonly title: string; readonly bench: Bench }>> = {
  'pod-starts': { title: 'from a pod’s creation to its app', bench: benchStarts(node) },
  'pod-outages': {
    title: 'from the files’ being written to the app, after an outage of 8 to 12 s',
    bench: benchOutages(node),
  },
  'pod-rotations': {
    title: 'from a rotation in the vault to the app',
    bench: benchRotation(node),
  },
}
const found = new Map<string, readonly Figure[]>()
for (const [name, { title, bench }] of Object.entries(tables)) {
  const figures = await bench({ isSmoke })
  printFigures(title, figures)
  found.set(name, figures)
}
node.cluster.close()
// One start of each kind would be noise.
if (!isSmoke)
  process.exitCode = recordOrCompare(found, {
    args: process.argv,
    renew: 'npm run cluster:bench -- --record',
  })
