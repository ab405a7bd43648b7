import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { tenantId } from '../../support/servers/start-test-emulator.ts'
import { startSimulation } from '../harness/simulation.ts'

const folder = join(import.meta.dirname, '../../../manifests/examples')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')

/** What each example's Secret holds, by name and key. */
const expected: Readonly<Record<string, object>> = {
  'sync-image-pull.yaml': {
    registry: { '.dockerconfigjson': /^\{"auths":\{"registry\.example":/ },
  },
  'sync-opaque.yaml': {
    'shop-db': { password: /^correct horse/, url: 'postgres://shop@db.example/shop' },
  },
  'sync-tls.yaml': {
    'web-tls': {
      'tls.crt': /^-----BEGIN CERT/,
      'tls.key': /^-----BEGIN PRIV/,
      'ca.crt': /^-----BEGIN CERT/,
    },
  },
}

t.test('the example accounts get their Secrets from the example vaults', async (t) => {
  const files = readdirSync(folder).filter((name) => name.startsWith('sync-'))
  t.strictSame(files, Object.keys(expected))
  const yaml = read('vault.yaml').replaceAll(':default:', ':team-a:')
  const simulation = await startSimulation(t, { yaml })
  for (const file of files) {
    const [account] = parseAllDocuments(read(file)).map((document) => document.toJS())
    const { name, annotations } = account.metadata
    simulation.apiServer.accounts.put('team-a', name, {
      ...annotations,
      'akv-injector.io/tenant-id': tenantId,
    })
    await simulation.round(name)
    for (const [secret, values] of Object.entries(expected[file] ?? {}))
      t.match(simulation.values(secret), values, file)
    t.match(simulation.events(), [/Synced: created Secret/])
  }
})
