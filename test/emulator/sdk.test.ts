import t from 'tap'
import { adminId, oldVersion, secretClient, start, strangerId } from './fixture.ts'

const emulator = await start(t)
const reader = secretClient(emulator)
const writer = secretClient(emulator, adminId)

t.test('the SDKs sign in by challenge and fetch a secret', async (t) => {
  const secret = await reader.getSecret('db-password')
  t.match(secret, {
    value: 'correct horse',
    name: 'db-password',
    properties: {
      vaultUrl: 'https://team-a.vault.azure.net',
      enabled: true,
      recoveryLevel: 'Recoverable+Purgeable',
      version: /^[0-9a-f]{32}$/,
    },
  })
  const steps = emulator.requests.map(({ method, status, hadAuthorization }) => [
    method,
    status,
    hadAuthorization,
  ])
  t.strictSame(steps, [
    ['GET', 401, false],
    ['GET', 200, false],
    ['POST', 200, false],
    ['GET', 200, true],
  ])
})

t.test(
  'a secret has its attributes, tags and content type, whatever the case of its name',
  async (t) => {
    const { value, properties } = await reader.getSecret('api-KEY')
    t.equal(value, 'k1')
    t.match(properties, {
      name: 'API-key',
      contentType: 'text/plain',
      tags: { team: 'a' },
      createdOn: new Date('2026-01-02T03:04:05Z'),
      notBefore: new Date('2026-02-02T00:00:00Z'),
      expiresOn: new Date('2027-01-01T00:00:00Z'),
    })
  },
)

t.test('a disabled version is refused, but an older one can be read by its id', async (t) => {
  await t.rejects(reader.getSecret('old'), {
    statusCode: 403,
    code: 'Forbidden',
    message: 'Operation get is not allowed on a disabled secret.',
  })
  t.equal((await reader.getSecret('old', { version: oldVersion.toUpperCase() })).value, 'v1')
})

t.test('absent or deleted secrets and unknown versions are not found', async (t) => {
  await t.rejects(reader.getSecret('nothing'), { statusCode: 404, code: 'SecretNotFound' })
  await t.rejects(reader.getSecret('gone'), { statusCode: 404, code: 'SecretNotFound' })
  const version = 'f'.repeat(32)
  await t.rejects(reader.getSecret('old', { version }), { code: 'SecretNotFound' })
})

t.test('an identity without a role is refused, even for secrets that don’t exist', async (t) => {
  const stranger = secretClient(emulator, strangerId)
  for (const name of ['db-password', 'nothing'])
    await t.rejects(stranger.getSecret(name), {
      statusCode: 403,
      code: 'Forbidden',
      message: /Caller is not authorized to perform action on resource/,
    })
  await t.rejects(reader.setSecret('db-password', 'mine'), { statusCode: 403, code: 'Forbidden' })
  t.equal((await secretClient(emulator, strangerId, 'open').getSecret('a')).value, 'b')
})

t.test('a rotation is visible at once, and the previous version stays', async (t) => {
  const before = (await reader.getSecret('db-password')).properties.version ?? ''
  const version = emulator.rotate({ vault: 'Team-A', name: 'DB-password', value: 'battery' })
  t.match(await reader.getSecret('db-password'), { value: 'battery', properties: { version } })
  t.equal((await reader.getSecret('db-password', { version: before })).value, 'correct horse')
})

t.test('lists have several pages and contain each item once', async (t) => {
  const many = { vault: 'team-a', name: 'many' }
  const versions = Array.from({ length: 60 }, (_, index) =>
    emulator[index === 0 ? 'create' : 'rotate']({ ...many, value: `v${index}` }),
  )
  for (let index = 0; index < 55; index += 1)
    emulator.create({ vault: 'team-a', name: `listed-${index}`, value: 'x' })

  const listed: (string | undefined)[] = []
  for await (const { version } of reader.listPropertiesOfSecretVersions('many'))
    listed.push(version)
  t.strictSame(listed.toSorted(), versions.toSorted())

  const pages: number[] = []
  const names = new Set<string>()
  for await (const page of reader.listPropertiesOfSecrets().byPage()) {
    pages.push(page.length)
    for (const { name } of page) names.add(name)
  }
  t.strictSame(pages, [25, 25, 10], '55, many, and the four of the file that are not deleted')
  t.notOk(names.has('gone'))

  const small: number[] = []
  const byPage = reader.listPropertiesOfSecrets().byPage({ maxPageSize: 20 })
  for await (const page of byPage) small.push(page.length)
  t.strictSame(small, [20, 20, 20])
})

t.test('a writer sets, updates, deletes, recovers and purges', async (t) => {
  const set = await writer.setSecret('new', 'n1', {
    contentType: 'text/x',
    tags: { a: 'b' },
    expiresOn: new Date('2030-01-01T00:00:00Z'),
  })
  t.match(set, { value: 'n1', properties: { contentType: 'text/x', tags: { a: 'b' } } })
  const version = set.properties.version ?? ''
  await writer.updateSecretProperties('new', version, { enabled: false, tags: { c: 'd' } })
  await t.rejects(reader.getSecret('new'), { statusCode: 403, code: 'Forbidden' })
  const enabled = await writer.updateSecretProperties('new', version, { enabled: true })
  t.match(enabled, { version, tags: { c: 'd' }, expiresOn: new Date('2030-01-01T00:00:00Z') })

  const deleting = await writer.beginDeleteSecret('new', { intervalInMs: 1 })
  t.match(await deleting.pollUntilDone(), { recoveryId: /deletedsecrets\/new$/, deletedOn: Date })
  await t.rejects(reader.getSecret('new'), { statusCode: 404, code: 'SecretNotFound' })
  await t.rejects(writer.setSecret('new', 'n2'), {
    statusCode: 409,
    code: 'Conflict',
  })
  const deleted: string[] = []
  for await (const { name } of reader.listDeletedSecrets()) deleted.push(name)
  t.strictSame(deleted, ['gone', 'new'])

  const recovering = await writer.beginRecoverDeletedSecret('new', { intervalInMs: 1 })
  await recovering.pollUntilDone()
  t.equal((await reader.getSecret('new')).value, 'n1')
  await writer.purgeDeletedSecret('gone')
  await t.rejects(reader.getDeletedSecret('gone'), { statusCode: 404, code: 'SecretNotFound' })
})

t.test('a generated value has the requested length and differs at each start', async (t) => {
  const other = await start(t)
  const values = await Promise.all(
    [emulator, other].map(async (server) => (await secretClient(server).getSecret('random')).value),
  )
  for (const value of values) t.match(value, /^[0-9A-Za-z]{24}$/)
  t.not(values[0], values[1])
})

t.test('a value of 25 KiB is accepted, and a longer one is refused', async (t) => {
  const value = '\u0001"é'.repeat(25 * 256)
  await writer.setSecret('big', value)
  t.equal((await reader.getSecret('big')).value, value)
  await t.rejects(writer.setSecret('big', `${value}x`), { statusCode: 400, code: 'BadParameter' })
})
