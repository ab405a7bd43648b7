import type { Pod } from '../cluster/client/pods.ts'
import { annotatedPod, filesAndEnv } from '../cluster/client/pods.ts'
import { annotations, vaultData } from '../sync/harness/simulation.ts'

/** What one release does and the next must go on with. `record.ts` writes down what becomes of it. */

const version = '0123456789abcdef0123456789abcdef'

/** Pods with every form of configuration, without anything that another injector adds. */
export const pods: Readonly<Record<string, Pod>> = {
  'files and variables': annotatedPod(),
  'a sidecar': annotatedPod({ annotations: { ...filesAndEnv, refresh: '5m' } }),
  'every setting': annotatedPod({
    annotations: {
      ...{
        vault: 'team-a',
        secrets: `a=db-password@${version}?, b/=app#*, tls/web, c=team-b:key/k`,
      },
      ...{ env: 'A=app#a.b, B=db-password|base64', 'template.app.conf': 'a=${app#a}' },
      ...{ 'mount-path': '/secrets', containers: 'app', refresh: '1h', 'file-mode': '0440' },
      ...{
        'client-id': '11111111-2222-3333-4444-555555555555',
        timeout: '5m',
        'run-as': '1000:2000',
      },
      ...{ 'tenant-id': '66666666-7777-8888-9999-000000000000', 'on-deleted': 'remove' },
      ...{ notify: 'http://127.0.0.1:9000/changed', position: 'first', 'log-level': 'debug' },
    },
  }),
  'objects of the CSI driver': annotatedPod({
    annotations: {
      vault: 'team-a',
      objects:
        '[{ objectName: a, objectType: secret, objectVersionHistory: 3, filePermission: "0600" }, { objectName: c, objectType: cert, objectAlias: d/c.pem }]',
    },
  }),
}

/** An account, whose secrets have versions that stay the same. */
export const account = {
  namespace: 'team-a',
  name: 'web',
  annotations: annotations(
    '[{ secret: db, data: "password=db-password", labels: { app: web } }, { secret: other, data: extra }]',
  ),
}
/** Stands for the account's uid in what is written down. */
export const accountUid = 'ACCOUNT-UID'
const versioned = (value: string) => `{ versions: [{ version: ${version}, value: ${value} }] }`
export const vault = vaultData
  .replace('db-password: correct horse', `db-password: ${versioned('correct horse')}`)
  .replace('extra: more', `extra: ${versioned('more')}`)
