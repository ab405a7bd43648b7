import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { withoutHelm } from '../../../manifests/helm.ts'
import { pageCommands } from '../../../support/page-commands.ts'
import type { KubeObject } from '../../client/api.ts'
import { until } from '../../client/cluster.ts'
import { example } from '../../client/examples.ts'
import { clientId } from '../../csi/harness/classes.ts'
import { csiDriver } from '../../csi/harness/csi-pods.ts'
import { helmUpgrade } from '../../harness/install/helm-upgrade.ts'
import { password } from '../harness/app-pod.ts'
import { deploymentOf } from '../harness/deployments.ts'
import { isRunning, openNode, podTimeoutMs } from '../harness/open-node.ts'
import { classOf, csiApp } from './harness/csi-app.ts'
import { openPageShell } from './harness/page-shell.ts'
import { readCloud, restoreInstall } from './harness/serve-labelled.ts'

/**
 * Pastes the commands of docs/from-csi.md in the order of the page, on a node without the driver. Only step 3 comes before
 * step 1, because no driver has installed the CRD here.
 */
if (withoutHelm) {
  t.plan(0, withoutHelm)
  process.exit()
}
const node = openNode(t)
const { cluster } = node
const cloud = await readCloud(node)
const namespace = await node.namespace()
const { paste, folder } = openPageShell(t, node, namespace)
const commandsOf = (heading: string) => pageCommands('docs/from-csi.md', heading)
t.teardown(() => restoreInstall(node, cloud))
helmUpgrade({ cloud })

const seed = join(import.meta.dirname, '../../../fixtures/seeds/csi.yaml')
const className = 'azure-keyvault-secrets'
const seedPod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name: 'my-app' },
}
const web = deploymentOf(
  csiApp({
    ...{ namespace, name: 'web', classes: { 'secrets-store': className } },
    spec: { serviceAccountName: 'web' },
  }),
  'web',
)
const classes = classOf({
  ...{ namespace, name: className, vault: 'team-a', secrets: ['db-password', 'api-key'] },
})
const files = 'sha256sum /mnt/secrets-store/*'
const [listPods = '', listClasses = '', save = '', check = ''] = commandsOf('1. Look')

t.test('3. turn it on: the install serves labelled namespaces', async (t) => {
  const [upgrade = '', rollout = '', helmTest = '', ...others] = commandsOf('3. Turn it on')
  t.strictSame(others, [])
  await paste(upgrade)
  t.match(await paste(rollout), 'successfully rolled out')
  // Until the new entry of the webhook configuration has its certificate.
  let output = ''
  await until(async () => {
    output = await paste(helmTest).catch((error: Error) => error.message)
    return output.includes('Phase:          Succeeded')
  }, 180_000).catch(() => t.fail(output))
})

t.test('1. look: a pod that waits for the driver is listed, and its class', async (t) => {
  await node.apply(classes, web)
  const [pod] = await node.pods({ namespace, selector: 'app=web', count: 1 })
  t.equal(pod.status.phase, 'Pending')
  t.match(await paste(listPods), new RegExp(`^${namespace} +web-\\S+ +.*secrets-store\\.csi`, 'm'))
  t.match(await paste(listClasses), new RegExp(`^${namespace} +${className} `, 'm'))
  await paste(save)
  t.match(readFileSync(join(folder, `${namespace}.yaml`), 'utf8'), 'kind: SecretProviderClass')
  const checked = await paste(check)
  t.match(checked, `Deployment/web (${namespace}.yaml): would be served`)
  for (const heading of ['2. Prepare identities', '4. Move a namespace'])
    for (const command of commandsOf(heading).filter((command) =>
      /csi=true$|federated/.test(command),
    ))
      t.match(
        checked,
        command.replaceAll('shop', namespace),
        'check prints the commands of the page',
      )
})

t.test('2. prepare identities: the commands for one account', async (t) => {
  const [credential = '', annotate = '', ...others] = commandsOf('2. Prepare identities')
  t.strictSame(others, [])
  const variables = {
    CLUSTER: 'aks',
    IDENTITY: 'web',
    GROUP: 'shop',
    ISSUER: 'https://oidc.example/',
  }
  t.match(
    await paste(credential, variables),
    `--name aks-${namespace}_web --identity-name web --resource-group shop --issuer https://oidc.example/ --subject system:serviceaccount:${namespace}:web --audiences api://AzureADTokenExchange`,
  )
  t.match(await paste(annotate, { CLIENT_ID: clientId }), 'serviceaccount/web annotated')
})

t.test('4. move, 5. verify: the namespace is served, and the files are the same', async (t) => {
  const [before = '', label = '', restart = '', status = '', events = ''] =
    commandsOf('4. Move a namespace')
  const [same = '', fetch = '', sameFile = '', list = ''] = commandsOf('5. Verify')
  await paste(label)
  await paste(restart)
  t.match(await paste(status), 'successfully rolled out')
  t.match(before, files)
  await paste(before)
  t.match(await paste(same), 'the files are the same')
  await paste(fetch, await administratorSettings())
  t.match(await paste(sameFile), 'the file is the same')
  t.match(await paste(list), /^web-\S+ +akv-injector$/m)
  t.ok(await paste(events), 'the events of the pod that waited for the driver')
})

/** Somebody at a terminal signs in with `az`; here, a token of the service account stands in for that. */
async function administratorSettings() {
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { namespace, name: 'web' },
  }
  const token = join(folder, 'token')
  writeFileSync(token, await cluster.token(account, 'api://AzureADTokenExchange'))
  const { authorityHost, vaultUrl, ca } = cloud
  writeFileSync(join(folder, 'ca.crt'), ca)
  return {
    AZURE_FEDERATED_TOKEN_FILE: token,
    AKV_INJECTOR_CLOUD: 'custom',
    AKV_INJECTOR_AUTHORITY_HOST: authorityHost,
    AKV_INJECTOR_VAULT_URL: vaultUrl,
    AKV_INJECTOR_CA_FILE: join(folder, 'ca.crt'),
  }
}

t.test('a class and a pod in one "kubectl apply" start, five times', async (t) => {
  await cluster.delete(classes)
  const inNamespace = `--namespace=${namespace}`
  for (let time = 0; time < 5; time++) {
    if (time > 0) await node.kubectl('delete', '--filename', seed, inNamespace, '--now')
    t.match(await node.kubectl('apply', '--filename', seed, inNamespace), 'pod/my-app created')
    await node.untilPod(seedPod, isRunning)
    const exec = (...command: string[]) => node.exec(seedPod, 'app', ...command)
    t.equal(await exec('cat', '/mnt/secrets-store/ExampleSecret'), 'of the seed')
    const stat = ['stat', '-L', '-c', '%a', '/mnt/secrets-store/ExampleSecret']
    t.equal(await exec(...stat), '644\n')
    t.equal(await exec('ls', '/mnt/secrets-store'), 'ExampleSecret\n')
  }
})

t.test('7. secrets of secretObjects: the Secret of the seed’s class is created', async (t) => {
  const [upgrade = '', enable = '', adopt = '', ...others] = commandsOf(
    '7. Secrets of secretObjects',
  )
  t.strictSame(others, [])
  const seedClasses = readSeed().filter(({ kind }) => kind === 'SecretProviderClass')
  await node.apply(...seedClasses)
  const account = await cluster.get({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { namespace, name: 'web' },
  })
  const manifests = [...seedClasses, account.body].map((object) => JSON.stringify(object))
  writeFileSync(join(folder, `${namespace}.yaml`), manifests.join('\n---\n'))
  await paste(upgrade)
  t.match(await paste(enable), 'role.rbac.authorization.k8s.io/akv-injector-sync created')
  const metadata = { namespace, name: 'synced-secret' }
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata }
  await until(async () => (await cluster.get(secret)).status === 200, podTimeoutMs)
  const password = Buffer.from('of the seed').toString('base64')
  t.match((await cluster.get(secret)).body, { type: 'Opaque', data: { password } })
  await paste(adopt)
})

const readSeed = () =>
  parseAllDocuments(readFileSync(seed, 'utf8')).map((document) => {
    const object = document.toJS() as KubeObject
    return { ...object, metadata: { ...object.metadata, namespace } }
  })

t.test('6. roll back: new pods wait for the driver again', async (t) => {
  const [unlabel = '', restart = '', ...others] = commandsOf('6. Roll back')
  t.strictSame(others, [])
  await node.apply(classes)
  await paste(unlabel)
  await paste(restart)
  const command = commandsOf('8. Take the driver out')[1] ?? ''
  await until(async () => (await paste(command).catch(() => '')).includes('web-'), podTimeoutMs)
})

const driverVolume: KubeObject = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'of-the-driver' },
  spec: {
    accessModes: ['ReadOnlyMany'],
    capacity: { storage: '1Mi' },
    csi: { driver: csiDriver, volumeHandle: 'of-the-driver' },
  },
}

t.test('8. take the driver out: no pod has a volume of the driver any more', async (t) => {
  const [all = '', pods = '', volumes = '', save = '', ...commands] =
    commandsOf('8. Take the driver out')
  t.match(await paste(pods), new RegExp(`^${namespace} +web-`, 'm'))
  await paste(all)
  await paste('kubectl rollout status deployment/akv-injector-webhook -n akv-injector')
  // The label has gone, and the namespace is served all the same.
  await paste('kubectl rollout restart deployment --namespace shop')
  t.match(await paste('kubectl rollout status deployment/web --namespace shop'), 'successfully')
  await until(async () => {
    const left = await paste(`${pods} || true`)
    return left === ''
  }, podTimeoutMs)
  t.equal(await paste(`${volumes} || true`), '')
  await node.apply(driverVolume)
  t.match(await paste(volumes), /^of-the-driver +secrets-store\.csi\.k8s\.io$/m)

  await paste(save)
  for (const command of commands.filter((command) => !command.includes('akv-injector-sync')))
    await paste(command, { CLUSTER: 'cluster', GROUP: 'group' })
  t.equal((await cluster.get(classes)).status, 200, 'the classes are back')
})

t.test('with annotations instead of volumes, the pod has the same file', async (t) => {
  const [migrate = '', ...others] = commandsOf('Annotations instead of volumes')
  t.strictSame(others, [])
  copyFileSync(seed, join(folder, 'app.yaml'))
  await paste(migrate)
  const text = readFileSync(join(folder, 'annotated.yaml'), 'utf8')
  t.notMatch(text, /SecretProviderClass|csi:/)
  await node.kubectl('delete', '--filename', seed, `--namespace=${namespace}`, '--now')
  await paste('kubectl apply --filename annotated.yaml --namespace shop')
  await node.untilPod(seedPod, isRunning)
  const path = '/mnt/secrets-store/ExampleSecret'
  t.equal(await node.exec(seedPod, 'app', 'cat', path), 'of the seed')
})

t.test('the files of a repository are changed in their places', async (t) => {
  const [dryRun = '', write = '', ...others] = commandsOf('Annotations for a whole repository')
  t.strictSame(others, [])
  mkdirSync(join(folder, 'k8s'))
  const file = join(folder, 'k8s/app.yaml')
  copyFileSync(seed, file)
  const identity = '-c user.name=test -c user.email=test@example.com'
  await paste(
    `git init --quiet k8s && cd k8s && git add . && git ${identity} commit --quiet --message seed`,
  )
  t.match(await paste(dryRun), '+    akv-injector.io/vault: team-a')
  t.strictSame(readFileSync(file), readFileSync(seed))
  await paste(write)
  t.match(readFileSync(file, 'utf8'), '    akv-injector.io/vault: team-a')
  t.notMatch(readFileSync(file, 'utf8'), /SecretProviderClass|csi:/)
})

t.test('the example with volumes of two vaults runs in the default namespace', async (t) => {
  await node.apply(...example('csi-volume'))
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name: 'csi-volume' },
  }
  await node.untilPod(pod, isRunning)
  const read = (path: string) => node.exec(pod, 'app', 'cat', `/mnt/secrets/${path}`)
  t.equal(await read('team-a/DB_PASSWORD'), password)
  t.match(await read('team-a/tls/web.pem'), /^-----BEGIN PRIVATE KEY-----/)
  t.match(await read('team-b/shared-token'), /^.{24}$/)
})
