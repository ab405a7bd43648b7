// npm run cluster:bench: prints the times of pod starts and rotations. Compare figures only within one run.

import { type Bench, printFigures } from '../../../bench/bench.ts'
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
const benches: Readonly<Record<string, Bench>> = {
  'from a pod’s creation to its app': benchStarts(node),
  'from the files’ being written to the app, after an outage of 8 to 12 s': benchOutages(node),
  'from a rotation in the vault to the app': benchRotation(node),
}
for (const [title, bench] of Object.entries(benches)) printFigures(title, await bench({ isSmoke }))
node.cluster.close()
