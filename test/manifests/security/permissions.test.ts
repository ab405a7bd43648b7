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
/** Nothing about Secrets and tokens: the owners of namespaces decide about these. */
const ofSync: Permissions = {
  'cluster: any namespaces': 'list watch',
  'cluster: any selfsubjectaccessreviews.authorization.k8s.io': 'create',
  'cluster: any selfsubjectrulesreviews.authorization.k8s.io': 'create',
}
const ofAccounts: Permissions = { 'cluster: any serviceaccounts': 'list watch' }
const ofClasses: Permissions = {
  'cluster: any secretproviderclasses.secrets-store.csi.x-k8s.io': 'list watch',
}
const ofClusterStores: Permissions = {
  [`cluster: any clustersecretstores.${eso}`]: 'list watch',
  [`cluster: any clustersecretstores/status.${eso}`]: 'patch',
}
/** A policy limits what it patches. */
const ofExternalSecrets: Permissions = {
  ...ofClusterStores,
  [`cluster: any externalsecrets.${eso}`]: 'list watch',
  [`cluster: any externalsecrets/status.${eso}`]: 'patch',
  [`cluster: any secretstores.${eso}`]: 'list watch',
  [`cluster: any secretstores/status.${eso}`]: 'patch',
}
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

const own = 'akv-injector/akv-injector-sync'

t.test('the chart gives the sync controller nothing that concerns values', async (t) => {
  t.strictSame(permissionsBySubject(readRendering('sync')), {
    [own]: { ...ofSync, ...ofAccounts, ...ofClasses, ...ofExternalSecrets },
  })
})

const skip = withoutHelm
const sync = { enabled: true }

t.test('each part of sync brings only its own permissions', { skip }, async (t) => {
  const permissions = (parts: object) =>
    permissionsBySubject(
      readRendered(
        render({ values: { sync: { ...sync, ...parts } }, only: ['templates/sync/rbac.yaml'] })
          .text,
      ).objects,
    )[own]
  t.strictSame(permissions({}), { ...ofSync, ...ofAccounts })
  t.strictSame(permissions({ classes: true }), { ...ofSync, ...ofAccounts, ...ofClasses })
  const all = { watch: 'namespaces', classes: true, externalSecrets: true }
  t.strictSame(permissions(all), { ...ofSync, ...ofClusterStores })
})

t.test('all parts together have these permissions and no others', { skip }, async (t) => {
  const { objects } = readRendered(
    render({ values: { sync, csi: { namespaces: 'all' } }, withTests: true }).text,
  )
  t.strictSame(permissionsBySubject(objects), {
    'akv-injector/akv-injector-certs': ofCerts,
    [own]: { ...ofSync, ...ofAccounts },
    'akv-injector/akv-injector-test': ofTest,
    'akv-injector/akv-injector-webhook': ofWebhook,
  })
})
