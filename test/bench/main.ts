// npm run bench: prints tables of figures. Compare figures only within one run.

import { benchAdmission } from './admission.ts'
import { benchAgent } from './agent.ts'
import { type Bench, printFigures } from './bench.ts'
import { benchCommandLine } from './command-line.ts'
import { benchCore } from './core.ts'
import { benchPfx } from './pfx.ts'
import { benchSync } from './sync.ts'

const benches: Readonly<Record<string, Bench>> = {
  'admission over TLS, each server on one core': benchAdmission,
  'the core alone': benchCore,
  'the agent, from start to exit': benchAgent,
  'the npm package’s command, from start to exit': benchCommandLine,
  'certificates out of PKCS#12': benchPfx,
  'Secret sync, one account beside others': benchSync,
}

const isSmoke = process.argv.includes('--smoke')
for (const [title, bench] of Object.entries(benches)) printFigures(title, await bench({ isSmoke }))
