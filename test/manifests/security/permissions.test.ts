import t from 'tap'
import { defaultFlags } from '../../../certs/settings.ts'
import { render, withoutHelm } from '../helm.ts'
import { readRendered } from '../rendered.ts'
import { type Permissions, permissionsBySubject } from './permissions.ts'
import { readRendering } from './renderings.ts'

/** docs/security.md, "The parts and their permissions". */
const eso = 'external-secrets.io'
const { caSecret, tlsSecret, webhookConfiguration } = defaultFlags
const configuration = `mutatingwebhookconfigurations.admissionregistration.k8s.io ${webhookConfiguration}`

const ofCerts: Permissions = {
  [`akv-injector: secrets ${caSecret}`]: 'get patch',
  [`akv-injector: secrets ${tlsSecret}`]: 'get patch',
  [`cluster: ${configuration}`]: 'get patch',
}
/** Only with `csi.namespaces`: it can read what it knows the name of, and list nothing. */
const ofWebhook: Permissions = {
  'cluster: any secretproviderclasses.secrets-store.csi.x-k8s.io': 'get',
  'cluster: any serviceaccounts': 'get',
}
/** In a namespace that lists these accounts. A policy limits what it patches, and which tokens it creates. */
const ofSyncIn = (namespace: string, accounts: readonly string[]): Permissions => ({
  [`${namespace}: any serviceaccounts`]: 'list watch',
  ...Object.fromEntries(
    accounts.flatMap((account) => [
      [`${namespace}: serviceaccounts ${account}`, 'patch'],
      [`${namespace}: serviceaccounts/token ${account}`, 'create'],
    ]),
  ),
  // Without list and watch, it can read only the Secrets whose names it knows.
  [`${namespace}: any secrets`]: 'create delete get patch',
  [`${namespace}: any events`]: 'create',
})
const ofClassesIn = (namespace: string): Permissions => ({
  [`${namespace}: any secretproviderclasses.secrets-store.csi.x-k8s.io`]: 'list watch',
})
const ofExternalSecretsIn = (namespace: string): Permissions => ({
  [`${namespace}: any externalsecrets.${eso}`]: 'list watch',
  [`${namespace}: any externalsecrets/status.${eso}`]: 'patch',
  [`${namespace}: any secretstores.${eso}`]: 'list watch',
  [`${namespace}: any secretstores/status.${eso}`]: 'patch',
})
/** Only while `helm test` runs. */
const ofTest: Permissions = {
  'cluster: any nodes': 'list',
  'cluster: services akv-injector-webhook': 'get',
  [`cluster: ${configuration}`]: 'get',
}

t.test('by default, only the certificate controller has permissions', async (t) => {
  t.strictSame(permissionsBySubject(readRendering('install')), {
    'akv-injector/akv-injector-certs': ofCerts,
  })
})

t.test('with csi.namespaces, the webhook may read classes and accounts by name', async (t) => {
  t.strictSame(permissionsBySubject(readRendering('csiLabelled')), {
    'akv-injector/akv-injector-webhook': ofWebhook,
  })
})

t.test('the sync controller has permissions in the listed namespaces', async (t) => {
  const inNamespace = (namespace: string, accounts: readonly string[]) => ({
    ...ofSyncIn(namespace, accounts),
    ...ofClassesIn(namespace),
    ...ofExternalSecretsIn(namespace),
  })
  t.strictSame(permissionsBySubject(readRendering('sync')), {
    'akv-injector/akv-injector-sync': {
      [`cluster: any clustersecretstores.${eso}`]: 'list watch',
      ...inNamespace('team-a', ['api', 'web']),
      ...inNamespace('team-b', ['web']),
    },
  })
})

const skip = withoutHelm
const sync = { namespaces: { shop: { serviceAccounts: ['web'] } } }

t.test('each part of sync brings only its own permissions', { skip }, async (t) => {
  const permissions = (parts: object) =>
    permissionsBySubject(
      readRendered(
        render({ values: { sync: { ...sync, ...parts } }, only: ['templates/sync/rbac.yaml'] })
          .text,
      ).objects,
    )
  const own = 'akv-injector/akv-injector-sync'
  const always = ofSyncIn('shop', ['web'])
  t.strictSame(permissions({}), { [own]: always })
  t.strictSame(permissions({ classes: true }), { [own]: { ...always, ...ofClassesIn('shop') } })
})

t.test('all parts together have these permissions and no others', { skip }, async (t) => {
  const { objects } = readRendered(
    render({ values: { sync, csi: { namespaces: 'all' } }, withTests: true }).text,
  )
  t.strictSame(permissionsBySubject(objects), {
    'akv-injector/akv-injector-certs': ofCerts,
    'akv-injector/akv-injector-sync': ofSyncIn('shop', ['web']),
    'akv-injector/akv-injector-test': ofTest,
    'akv-injector/akv-injector-webhook': ofWebhook,
  })
})
