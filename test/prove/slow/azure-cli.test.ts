import { execFile } from 'node:child_process'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { azureMark } from '../../../prove/azure/az-calls.ts'
import { vaultNameOf } from '../../../prove/azure/azure-names.ts'
import { programPath, without } from '../../support/needs/without.ts'
import { start } from '../../support/run-command-line.ts'
import { addStrangers, emptyAzureWorld, fakeAccount, newVault } from '../support/azure-world.ts'
import { writeKubectl } from '../support/write-kubectl.ts'
import { answerAzure } from './answer-azure.ts'
import { loadPublishedModels } from './published-models.ts'
import { startAzure } from './start-azure.ts'

// As .ci/run installs it.
const azureCli = programPath('az')
const skip = without('az')

t.setTimeout(0)

/** A signed-in `az`, the Azure that it asks, and a cluster whose pods have what the vault has. */
async function makeWorld(t: Test) {
  const folder = t.testdir({ bin: {}, values: {} })
  symlinkSync(azureCli, join(folder, 'bin/az'))
  writeKubectl(join(folder, 'bin'), [
    `exec*) for path; do :; done; cat "$WORLD/values/$(basename "$path")"`,
    `"logs disabled"*) echo '{"code":"AKV_OBJECT_DISABLED"}'`,
    `"logs firewall"*) echo '{"code":"AKV_FIREWALL"}'`,
    `"logs public-access-off"*) echo '{"code":"AKV_PUBLIC_ACCESS_DISABLED"}'`,
    `"logs vault-deleted"*) echo '{"code":"AKV_NETWORK"}'`,
    `"logs deleted"*) echo '{"code":"AKV_OBJECT_NOT_FOUND"}'`,
  ])
  writeFileSync(join(folder, 'bin/bicep'), bicep, { mode: 0o755 })
  const world = newWorld()
  const problems: string[] = []
  const check = await loadPublishedModels(join(dirname(azureCli), '..'))
  const azure = await startAzure(t, (request) =>
    answerAzure(
      {
        ...{ world, check, onProblem: (problem) => problems.push(problem) },
        onSecret: (name, value) => writeFileSync(join(folder, 'values', name), value),
      },
      request,
    ),
  )
  const env = {
    WORLD: folder,
    PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`,
    AZURE_CONFIG_DIR: join(folder, 'azure'),
    AZURE_CORE_COLLECT_TELEMETRY: 'false',
    // Otherwise, az downloads it.
    AZURE_BICEP_USE_BINARY_FROM_PATH: 'true',
    HTTPS_PROXY: azure.url,
    REQUESTS_CA_BUNDLE: join(folder, 'ca.pem'),
  }
  writeFileSync(env.REQUESTS_CA_BUNDLE, azure.caPem)
  const { objectId, tenantId, resourceGroup, issuer } = fakeAccount
  const login = ['--username', objectId, '--password', 'x', '--tenant', tenantId]
  await promisify(execFile)(azureCli, ['login', '--service-principal', ...login], {
    env: { ...process.env, ...env },
  })
  const report = join(folder, 'report')
  const where = ['--resource-group', resourceGroup, '--report', report]
  const prove = (...args: readonly string[]) =>
    start(
      ['prove', ...where, ...(args.includes('bicep') ? [] : ['--issuer', issuer]), ...args],
      env,
    )
  return {
    ...{ world, azure, prove },
    /** Kills prove and its `az` when a request has changed something, and nobody has answered it yet. */
    async killAt(changes: number, ...more: readonly string[]) {
      const held = new Promise<void>((onHeld) => {
        azure.hold = { at: azure.changes + changes, onHeld }
      })
      const { child, ended } = prove('--yes', '--only', 'wrong-role', ...more)
      await Promise.race([held, ended])
      const { pid = 0 } = child
      if (child.exitCode !== null) throw new Error((await ended).stderr)
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').match(/\d+/g) ?? []
      child.kill('SIGKILL')
      // Each has a process group of its own.
      for (const one of children) process.kill(-Number(one), 'SIGKILL')
      t.match(await ended, { code: null }, `killed at change ${changes}`)
    },
    hasNothingLeft() {
      t.strictSame(world, newWorld())
      t.strictSame(problems, [])
      // It looks there for a newer version of itself.
      azure.strangers.delete('azcliprod.blob.core.windows.net')
      t.strictSame([...azure.strangers], [])
    },
  }
}

/** Prints a template with the parameters of the file, as the compiler does, and without its resources. */
const bicep = `#!${process.execPath}
const [, , command, , file] = process.argv
if (command === '--version') console.log('Bicep CLI version 0.39.26 (x)')
else {
  const text = process.getBuiltinModule('node:fs').readFileSync(file, 'utf8')
  const parameters = Object.fromEntries(
    [...text.matchAll(/^param (\\w+) (\\w+)( =)?/gm)].map(([, name, type, hasDefault]) => [
      name, { type, ...(hasDefault && { defaultValue: type === 'array' ? [] : type === 'object' ? {} : type === 'bool' ? false : '' }) },
    ]),
  )
  const $schema = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#'
  console.log(JSON.stringify({ $schema, contentVersion: '1.0.0.0', parameters, resources: [] }))
}
`

function newWorld() {
  const world = emptyAzureWorld()
  addStrangers(world)
  return world
}

t.test(
  'the real az makes, changes and removes all, also what a killed run left',
  { skip },
  async (t) => {
    const { world, azure, prove, killAt, hasNothingLeft } = await makeWorld(t)
    // The 23 before it make everything, and this one deletes the vault.
    await killAt(24)
    t.equal(world.deletedVaults.size, newWorld().deletedVaults.size + 1)
    const before = azure.changes
    const ids = [
      'rotation',
      'disabled',
      'deleted',
      'firewall',
      'public-access-off',
      'vault-deleted',
    ]
    const only = ids.flatMap((id) => ['--only', id])
    const aks = ['--aks', 'shop-aks', '--aks-group', 'shop']
    const { code, stdout, stderr } = await prove('--yes', ...only, ...aks).ended
    t.equal(code, 0, stderr)
    t.match(stdout, 'An earlier run has left the deleted-vault')
    t.match(stdout, '\n7 passed; ')
    t.ok(azure.changes - before > 30, `${azure.changes - before} changes`)
    hasNothingLeft()
  },
)

t.test('the real az deploys Bicep, and a killed run is removed', { skip }, async (t) => {
  const { world, prove, killAt, hasNothingLeft } = await makeWorld(t)
  const bicep = ['--with', 'bicep', '--aks', 'shop-aks', '--aks-group', 'shop']
  const { code, stdout, stderr } = await prove('--yes', '--only', 'deleted', ...bicep).ended
  t.equal(code, 0, stderr)
  t.match(stdout, '\n2 passed; ')
  hasNothingLeft()
  // In the middle of the third deployment.
  await killAt(16, ...bicep)
  t.match([...world.deployments.keys()], /akv-injector-prove-loose/)
  const clean = ['--clean', '--aks', 'shop-aks', '--aks-group', 'shop']
  t.match(await prove(...clean).ended, { code: 0 })
  hasNothingLeft()
})

t.test('--clean with the real az removes what a killed run left', { skip }, async (t) => {
  const { world, prove, killAt, hasNothingLeft } = await makeWorld(t)
  // An identity without its credential, and a vault with some of its objects.
  for (const changes of killsOf(process.env['KILL_AT'] ?? '3,16')) {
    await killAt(changes)
    t.notSame(world, newWorld())
    const { code, stderr } = await prove('--clean').ended
    t.equal(code, 0, stderr)
    hasNothingLeft()
  }
  // The resource group was in another region once.
  const { key, value } = azureMark
  world.deletedVaults.set(vaultNameOf(fakeAccount), newVault({ [key]: value }, 'northeurope'))
  t.match(await prove('--clean').ended, { code: 0 })
  hasNothingLeft()
})

const killsOf = (list: string): readonly number[] => list.split(',').map(Number)
