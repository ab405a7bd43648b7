// Runs as a process: carries out the find of an ExternalSecret once, as Secret sync does, and fails if it doesn't find what it should.
// Arguments: the file of the token, the vault, and how many secrets match.

import { configVariable } from '../../../delivery/contract.ts'
import { decodeConfig } from '../../../delivery/decode-config.ts'
import { openSession } from '../../../delivery/session/session.ts'
import { nothingFound } from '../../../keyvault/finds/find-result.ts'
import { systemClock } from '../../../lib/clock.ts'
import { createCpuBudget } from '../../../lib/cpu-budget.ts'
import { findSecrets } from '../../../sync/fetch/find/find-secrets.ts'

const [tokenFile = '', vault = '', expected] = process.argv.slice(2)
const config = decodeConfig(process.env[configVariable] ?? '')
if (config.kind === 'invalid') throw new Error(config.problem)
const clock = systemClock
const { reader } = openSession({
  config: config.value,
  credential: { tokenFile },
  env: {},
  clock,
  program: 'sync',
})
const to = { kind: 'input', secret: 'shop', index: 0 } as const
const found = await findSecrets({
  finds: [{ to, vault, criteria: { expression: '^app-1-[0-9]+$', tags: {} } }],
  before: nothingFound,
  reader,
  clock,
  signal: new AbortController().signal,
  isDue: () => true,
  isKept: () => false,
  budget: createCpuBudget(),
})
const [result] = found.values()
if (result?.error) throw result.error
if (String(result?.secrets?.length) !== expected)
  throw new Error(`found ${result?.secrets?.length} secrets instead of ${expected}`)
process.exit()
