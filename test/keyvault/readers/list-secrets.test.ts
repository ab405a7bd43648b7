import type { RequestListener } from 'node:http'
import t, { type Test } from 'tap'
import type { ListedSecret } from '../../../keyvault/clients/object-client.ts'
import { listSecrets } from '../../../keyvault/readers/list-secrets.ts'
import { createObjectReader, type ObjectReader } from '../../../keyvault/readers/object-reader.ts'
import { renewRefusedToken } from '../../../keyvault/readers/renew-refused-token.ts'
import { startHttpsServer } from '../../support/servers/start-https-server.ts'
import { startTestEmulator } from '../../support/servers/start-test-emulator.ts'
import { connectTo, signInAt } from '../emulated-vault.ts'

async function listAll(
  reader: ObjectReader,
  { maxPages = 10, onPage }: { readonly maxPages?: number; readonly onPage?: () => void } = {},
): Promise<readonly ListedSecret[]> {
  const listed: ListedSecret[] = []
  for await (const page of listSecrets(reader, 'team-a', { maxPages })) {
    listed.push(...page)
    onPage?.()
  }
  return listed
}

const nameOf = (i: number) => `s${String(i).padStart(3, '0')}`
const sixty = Array.from({ length: 60 }, (_, i) => `${nameOf(i)}: v`).join('\n')

async function emulatedVault(t: Test, secrets: string, objects = '') {
  const vaults = `team-b: { readers: [], secrets: { a: b } }`
  const emulator = await startTestEmulator(t, { secrets, objects, vaults })
  const signIn = await signInAt(t, emulator)
  const options = {
    vaultUrl: emulator.vaultUrl,
    agent: connectTo(t, emulator.caPem),
    token: signIn.token,
    principal: 'client c',
  }
  const pages = () => emulator.requests.filter(({ path }) => path.endsWith('/team-a/secrets'))
  return { emulator, signIn, reader: createObjectReader(options), pages }
}

async function hostileVault(t: Test, answer: RequestListener) {
  const host = await startHttpsServer(t, answer)
  const reader = createObjectReader({
    vaultUrl: `${host.url}/{vault}`,
    agent: connectTo(t, host.caPem),
    token: async () => 'the-token',
    principal: 'client c',
  })
  return { ...host, reader }
}

const item = (name: string, more: object = {}) => ({
  id: `https://team-a.vault.azure.net/secrets/${name}`,
  attributes: { enabled: true, updated: 1_700_000_000 },
  ...more,
})

const json = (response: Parameters<RequestListener>[1], body: object) =>
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body))

t.test('each secret is listed once, in pages of 25', async (t) => {
  const { reader, pages } = await emulatedVault(t, sixty)
  const listed = await listAll(reader)
  t.strictSame(
    listed.map(({ name }) => name),
    Array.from({ length: 60 }, (_, i) => nameOf(i)),
  )
  t.equal(pages().length, 3)
})

t.test('a listed secret has what a find looks at', async (t) => {
  const { reader } = await emulatedVault(
    t,
    `
plain: v
off: { value: v, enabled: false }
tagged: { versions: [{ value: v, tags: { team: shop }, created: 2026-01-02T03:04:05Z }] }`,
    'certificates: { web: {} }',
  )
  const listed = new Map((await listAll(reader)).map((secret) => [secret.name, secret]))
  t.strictSame([...listed.keys()].sort(), ['off', 'plain', 'tagged', 'web'])
  t.match(listed.get('plain'), { isEnabled: true, isCertificate: false })
  t.equal(listed.get('off')?.isEnabled, false)
  t.equal(listed.get('web')?.isCertificate, true)
  t.equal(listed.get('tagged')?.tags.get('team'), 'shop')
  t.equal(listed.get('tagged')?.updatedAtMs, Date.parse('2026-01-02T03:04:05Z'))
})

t.test('secrets that come and go between two pages move no other', async (t) => {
  const { emulator, reader } = await emulatedVault(t, sixty)
  const listed = await listAll(reader, {
    onPage: () => {
      emulator.rotate({ vault: 'team-a', name: nameOf(1), value: 'new' })
      emulator.rotate({ vault: 'team-a', name: nameOf(59), value: 'new' })
    },
  })
  t.equal(new Set(listed.map(({ name }) => name)).size, 60)
})

t.test(
  'a page that fails ends the list, and asking again doesn’t seem to complete it',
  async (t) => {
    const { emulator, reader } = await emulatedVault(t, sixty)
    for (const [action, code] of [
      [{ kind: 'throttle', retryAfterSeconds: 7 }, 'AKV_THROTTLED'],
      [{ kind: 'status', status: 503 }, 'AKV_VAULT_UNAVAILABLE'],
      [{ kind: 'status', status: 401 }, 'AKV_UNAUTHORIZED'],
      [{ kind: 'reset' }, 'AKV_NETWORK'],
      [{ kind: 'malformed' }, 'AKV_BAD_ANSWER'],
    ] as const) {
      const pages = reader.secretPages('team-a')[Symbol.asyncIterator]()
      t.equal((await pages.next()).done, false)
      emulator.addFault({ count: 1, action })
      await t.rejects(pages.next(), { code }, code)
      await t.rejects(pages.next(), { code }, 'again')
      t.equal((await listAll(reader)).length, 60, 'a new list is whole')
    }
  },
)

t.test('a token that the vault refuses is renewed for the first page', async (t) => {
  const { emulator, reader, signIn } = await emulatedVault(t, sixty)
  emulator.addFault({
    count: 1,
    match: { service: 'vault' },
    action: { kind: 'status', status: 401 },
  })
  t.equal((await listAll(renewRefusedToken({ reader, signIn }))).length, 60)
})

t.test('a 403 says which right is missing', async (t) => {
  const { reader } = await emulatedVault(t, 'a: b')
  const pages = reader.secretPages('team-b')[Symbol.asyncIterator]()
  await t.rejects(pages.next(), {
    code: 'AKV_FORBIDDEN',
    message:
      /^the list of secrets in vault team-b: client c may not list the secrets of vault team-b/,
  })
})

t.test('a list has a last page, and the sentence says how much was listed', async (t) => {
  let count = 0
  const { reader, requests } = await hostileVault(t, (request, response) => {
    const nextLink = `https://${request.headers.host}/team-a/secrets?api-version=1&$skiptoken=${count}`
    json(response, { value: [item(`n${count++}`), item(`m${count}`)], nextLink })
  })
  await t.rejects(listAll(reader, { maxPages: 40 }), {
    code: 'AKV_LIST_TOO_LONG',
    message: /more than 40 pages, with 80 secrets so far/,
  })
  t.equal(requests.length, 41)
})

t.test('a link to the same page is noticed', async (t) => {
  const { reader, requests } = await hostileVault(t, (request, response) => {
    const nextLink = `https://${request.headers.host}/team-a/secrets?api-version=1`
    json(response, { value: [item('a'), item('b')], nextLink })
  })
  await t.rejects(listAll(reader), { code: 'AKV_BAD_ANSWER', message: /nothing new/ })
  t.equal(requests.length, 3)
})

t.test('a last page may repeat what moved to it', async (t) => {
  const { reader } = await hostileVault(t, (request, response) => {
    const isLast = request.url?.includes('skiptoken') === true
    const nextLink = `https://${request.headers.host}/team-a/secrets?api-version=1&$skiptoken=b`
    json(response, isLast ? { value: [item('b')] } : { value: [item('a'), item('b')], nextLink })
  })
  t.strictSame(
    (await listAll(reader)).map(({ name }) => name),
    ['a', 'b'],
  )
})

t.test('empty pages may have a next one, but not without end', async (t) => {
  const { reader, requests } = await hostileVault(t, (request, response) => {
    const nextLink = `https://${request.headers.host}/team-a/secrets?api-version=1`
    json(response, { value: [], nextLink })
  })
  await t.rejects(listAll(reader), { code: 'AKV_LIST_TOO_LONG' })
  t.equal(requests.length, 11)
})

t.test('a link to another host or vault is never followed', async (t) => {
  const elsewhere = await startHttpsServer(t, (_request, response) => json(response, { value: [] }))
  for (const nextLink of [
    `${elsewhere.url}/team-a/secrets`,
    'https://team-a.vault.azure.net.evil.example/',
    'https://HOST/team-b/secrets',
    'https://HOST/team-a/../team-b/secrets',
  ]) {
    const { reader, requests } = await hostileVault(t, (request, response) =>
      json(response, {
        value: [item('a')],
        nextLink: nextLink.replace('HOST', request.headers.host ?? ''),
      }),
    )
    await t.rejects(listAll(reader), { code: 'AKV_REDIRECTED' }, nextLink)
    t.equal(requests.length, 1)
  }
  t.equal(elsewhere.requests.length, 0)
})

t.test('an answer that isn’t a list of secrets is refused, and never quoted', async (t) => {
  for (const value of [
    [{ id: 'hunter2' }],
    [{}],
    [null],
    [item('hunter2!')],
    'hunter2',
    { hunter2: 1 },
    null,
  ]) {
    const { reader } = await hostileVault(t, (_request, response) => json(response, { value }))
    const error = await listAll(reader).catch((error: Error) => error)
    t.match(error, { code: 'AKV_BAD_ANSWER' }, JSON.stringify(value))
    t.notMatch(error instanceof Error && error.message, /hunter2/)
  }
})

t.test('what isn’t a tag or a date is left out, and a page of huge tags is refused', async (t) => {
  const odd = { attributes: { updated: 'x' }, tags: { a: 1, b: 'c', d: null } }
  const { reader } = await hostileVault(t, (_request, response) =>
    json(response, { value: [item('a', odd)] }),
  )
  const [listed] = await listAll(reader)
  t.strictSame([...(listed?.tags ?? [])], [['b', 'c']])
  t.equal(listed?.updatedAtMs, undefined)
  const huge = await hostileVault(t, (_request, response) =>
    json(response, { value: [item('a', { tags: { b: 'x'.repeat(2_000_000) } })] }),
  )
  await t.rejects(listAll(huge.reader), { code: 'AKV_BAD_ANSWER' })
})
