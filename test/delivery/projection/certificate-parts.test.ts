import t from 'tap'
import { fetchConsistently, groupParts } from '../../../delivery/projection/certificate-parts.ts'
import { fixedDeadline } from '../../../delivery/projection/deadline.ts'
import type { WantedObject } from '../../../delivery/projection/wanted-objects.ts'
import type { FetchedObject, ListedVersion } from '../../../keyvault/clients/object-client.ts'
import type { ObjectReference, ObjectType } from '../../../keyvault/reference.ts'
import { AkvError, type AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { secretAnswer } from '../../init-agent/harness/secret-answer.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { secretPagesOf } from '../../support/secret-pages.ts'

const version = (number: number) => `${number}`.padStart(32, '0')
const wanted = (type: ObjectType, more: Partial<WantedObject> = {}): WantedObject => ({
  reference: { vault: 'team-a', type, name: 'web' },
  isRequired: true,
  ...more,
})
const answer = ({ type }: ObjectReference, number: number, isCertificate = true): FetchedObject => {
  const own = { version: version(number) }
  if (type === 'cert') return { kind: 'certificate', der: Buffer.of(), ...own }
  if (type === 'key') return { kind: 'key', jwk: {}, isCertificate, ...own }
  return secretAnswer(`${number}`, { ...own, isCertificate })
}
const failure = (code: AkvErrorCode) => new AkvError(code, code)

/** @param read - the version that a request for the newest finds, by the number of requests before it */
async function fetch(
  objects: readonly WantedObject[],
  read: (reference: ObjectReference, before: number) => number | AkvErrorCode,
  { isCertificate = true, timeoutMs = 0, listed = [] as readonly ListedVersion[] } = {},
) {
  const clock = fakeClock({})
  const asked: string[] = []
  const outcomes = await fetchConsistently({
    objects,
    clock,
    deadline: fixedDeadline(clock.now() + timeoutMs),
    onRetry: () => undefined,
    signal: new AbortController().signal,
    log: memoryLog().log,
    reader: {
      async read(reference) {
        const found = read(reference, asked.length)
        asked.push(`${reference.type}${reference.version === undefined ? '' : '@'}`)
        if (typeof found === 'string') throw failure(found)
        return answer(reference, found, isCertificate)
      },
      listVersions: async () => listed,
      secretPages: () => secretPagesOf(),
    },
  })
  const results = [...outcomes.values()].map((outcome) =>
    outcome.kind === 'fetched'
      ? outcome.found.map((object) => Number(object.version)).join()
      : outcome.error.code,
  )
  return { results, asked }
}
/** A read of a named version finds that one. */
const named = (reference: ObjectReference) =>
  reference.version === undefined ? undefined : Number(reference.version)

t.test('parts of one version aren’t fetched again', async (t) => {
  const { results, asked } = await fetch([wanted('cert'), wanted('tls'), wanted('key')], () => 1)
  t.strictSame(results, ['1', '1', '1'])
  t.strictSame(asked, ['cert', 'tls', 'key'])
})

t.test('a part of another version is fetched at the certificate’s version', async (t) => {
  for (const [certificate, secret] of [
    [2, 1],
    [1, 2],
  ] as const) {
    const { results, asked } = await fetch(
      [wanted('tls'), wanted('key'), wanted('cert')],
      (reference) => named(reference) ?? (reference.type === 'tls' ? secret : certificate),
    )
    t.strictSame(results, Array(3).fill(`${certificate}`))
    t.strictSame(asked, ['tls', 'key', 'cert', 'tls@'])
  }
})

t.test('without the certificate object, the version of its secret counts', async (t) => {
  const { results } = await fetch(
    [wanted('secret'), wanted('key')],
    (reference) => named(reference) ?? (reference.type === 'key' ? 1 : 2),
  )
  t.strictSame(results, ['2', '2'])
})

t.test('a part that doesn’t exist yet is waited for', async (t) => {
  const { results, asked } = await fetch([wanted('cert'), wanted('tls')], (reference, before) => {
    if (reference.type === 'cert') return 2
    if (reference.version !== undefined && before < 5) return 'AKV_OBJECT_NOT_FOUND'
    return before < 5 ? 1 : 2
  })
  t.strictSame(results, ['2', '2'])
  t.ok(asked.length > 4)
})

t.test('if a part never appears, all parts fail, in bounded time', async (t) => {
  const { results, asked } = await fetch([wanted('cert'), wanted('tls')], (reference) => {
    if (reference.type === 'cert') return 2
    return reference.version === undefined ? 1 : 'AKV_OBJECT_NOT_FOUND'
  })
  t.strictSame(results, ['AKV_CERTIFICATE_ROTATING', 'AKV_CERTIFICATE_ROTATING'])
  t.ok(asked.length < 40, `${asked.length}`)
})

t.test('if one part fails, all parts fail, and it isn’t requested again', async (t) => {
  const { results, asked } = await fetch([wanted('cert'), wanted('tls')], ({ type }) =>
    type === 'cert' ? 'AKV_VAULT_UNAVAILABLE' : 2,
  )
  t.strictSame(results, ['AKV_VAULT_UNAVAILABLE', 'AKV_VAULT_UNAVAILABLE'])
  t.strictSame(asked, ['cert', 'tls'])
})

t.test(
  'a newest key that is disabled, as in a pending request, doesn’t set the version',
  async (t) => {
    const objects = [wanted('cert'), wanted('key', { isRequired: false })]
    const { results } = await fetch(
      objects,
      (reference) => named(reference) ?? (reference.type === 'key' ? 'AKV_OBJECT_DISABLED' : 1),
    )
    t.strictSame(results, ['1', '1'])
    const absent = await fetch(objects, ({ type }) => (type === 'key' ? 'AKV_OBJECT_DISABLED' : 1))
    t.strictSame(absent.results, ['1', 'AKV_OBJECT_DISABLED'], 'really absent stays absent')
  },
)

t.test('a secret and a key that only share a name keep their own versions', async (t) => {
  const objects = [wanted('secret'), wanted('key')]
  const read = ({ type }: ObjectReference) => (type === 'key' ? 1 : 2)
  const { results, asked } = await fetch(objects, read, { isCertificate: false })
  t.strictSame(results, ['2', '1'])
  t.equal(asked.length, 2)
})

t.test('a history begins with the version of the others', async (t) => {
  const listed = [1, 2, 3].map((number) => ({
    version: version(number),
    isEnabled: true,
    createdAtMs: number * 1000,
  }))
  const { results } = await fetch(
    [wanted('cert'), wanted('secret', { versions: 2 })],
    (reference) => named(reference) ?? 2,
    { listed },
  )
  t.strictSame(results, ['2', '2,1'])
})

t.test('a pinned version is not part of a group', async (t) => {
  const pinned = wanted('tls', {
    reference: { vault: 'team-a', type: 'tls', name: 'web', version: version(1) },
  })
  t.strictSame(groupParts([wanted('cert'), pinned]), [])
  t.strictSame(
    groupParts([
      wanted('cert'),
      { ...wanted('key'), reference: { vault: 'team-b', type: 'key', name: 'web' } },
    ]),
    [],
  )
  const same = wanted('key', { reference: { vault: 'team-a', type: 'key', name: 'WEB' } })
  t.strictSame(groupParts([wanted('cert'), same]), [[wanted('cert'), same]])
})
