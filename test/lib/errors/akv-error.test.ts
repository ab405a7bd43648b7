import { readFileSync } from 'node:fs'
import t from 'tap'
import { vaultError } from '../../../keyvault/errors/classify.ts'
import { AkvError, combineErrors, toAkvError } from '../../../lib/errors/akv-error.ts'
import type { ErrorFacts } from '../../../lib/errors/error-facts.ts'
import { errorTable } from '../../../lib/errors/error-table.ts'
import { errorPage, errorPageFile } from './error-page.ts'

t.test('docs/errors.md is the table as a page', async (t) => {
  t.equal(
    readFileSync(errorPageFile, 'utf8'),
    errorPage(),
    'run node test/lib/errors/error-page.ts',
  )
})

t.test('every code says what it means and what to do, in sentences', async (t) => {
  for (const [code, { isRetryable, exitCode, means, remedy }] of Object.entries<ErrorFacts>(
    errorTable,
  )) {
    t.match(code, /^AKV_[A-Z_]+$/)
    t.match(means, /^[A-Z].*\.$/, code)
    t.match(remedy, /^[A-Z].*\.$/, code)
    t.notOk(isRetryable && exitCode === 2, `${code}: retrying can't correct a wrong configuration`)
  }
})

const firewall = '{"error":{"code":"Forbidden","innererror":{"code":"ForbiddenByFirewall"}}}'
const asked = { object: 'secret team-a:db', vault: 'team-a', principal: 'client 2' }

t.test('errors that Secret sync can meet, too, don’t mention a pod', (t) => {
  const table = Object.entries<ErrorFacts>(errorTable)
  const shared = table.slice(table.findIndex(([code]) => code === 'AKV_FEDERATION_MISMATCH'))
  for (const [code, { means, remedy }] of shared)
    t.notMatch(`${means} ${remedy}`, /\b(the )?pod[’']s |between the pod|sign the pod/, code)
  t.match(
    vaultError({ kind: 'status', status: 403, body: firewall, retryAfterMs: undefined }, asked)
      .message,
    /the request \(/,
  )
  t.end()
})

t.test(
  'an error that isn’t ours is shown by its kind and place, because its message may quote anything',
  async (t) => {
    const error = toAkvError(new TypeError('Bearer eyJ\n    at hunter2'))
    t.equal(error.code, 'AKV_INTERNAL')
    t.match(error.message, /^unexpected TypeError at .*akv-error\.test\.ts/)
    t.notMatch(error.message, /eyJ|hunter2/)
    for (const thrown of ['hunter2', undefined, null, 7])
      t.match(toAkvError(thrown).message, /^unexpected (string|undefined|object|number)$/)
    const own = new AkvError('AKV_NETWORK', 'm')
    t.equal(toAkvError(own), own)
  },
)

t.test('errors are combined by their codes', async (t) => {
  const make = (code: 'AKV_NETWORK' | 'AKV_ENCODING', message: string) =>
    new AkvError(code, message)
  t.equal(combineErrors([]), undefined)
  t.match(combineErrors([make('AKV_NETWORK', 'a'), make('AKV_NETWORK', 'a')]), {
    message: 'a',
    kinds: { length: 1 },
  })
  const both = combineErrors([make('AKV_NETWORK', 'a'), make('AKV_ENCODING', 'b')])
  t.match(both, {
    code: 'AKV_ENCODING',
    message: 'b; AKV_NETWORK: a',
    kinds: [{ message: 'b' }, { message: 'a' }],
  })
  const refused = new AkvError('AKV_NETWORK', 'c', { issuer: 'https://issuer/' })
  t.match(combineErrors([make('AKV_ENCODING', 'b'), make('AKV_NETWORK', 'a'), refused])?.kinds, [
    { code: 'AKV_ENCODING', issuer: undefined },
    { code: 'AKV_NETWORK', issuer: 'https://issuer/' },
  ])
  const many = Array.from({ length: 50 }, (_, i) => make('AKV_NETWORK', `m${i}`))
  t.match(combineErrors(many)?.message, /m0; .*m19; and 30 more$/)
})
