/** Manifests with a vault, a namespace and a client of the caller's choice, as text. */

interface Names {
  readonly vault: string
  readonly namespace?: string
  readonly client?: string
}

/** A store, its account, and some ExternalSecrets. */
export const storeText = (
  { vault, namespace = 'shop', client = '22222222-2222-2222-2222-222222222222' }: Names,
  externalSecrets = 1,
): string =>
  [
    `apiVersion: external-secrets.io/v1
kind: SecretStore
metadata:
  name: kv
  namespace: ${namespace}
spec:
  provider:
    azurekv:
      vaultUrl: https://${vault}.vault.azure.net
      serviceAccountRef:
        name: web
`,
    `apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
  namespace: ${namespace}
  annotations:
    azure.workload.identity/client-id: ${client}
`,
    ...Array.from(
      { length: externalSecrets },
      (_, i) => `apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: db-${i}
  namespace: ${namespace}
spec:
  secretStoreRef:
    name: kv
  data:
    - secretKey: password
      remoteRef:
        key: db
`,
    ),
  ].join('---\n')

/** A class, and a pod that has a volume of it. */
export const classText = ({
  vault,
  namespace = 'shop',
  client = '22222222-2222-2222-2222-222222222222',
}: Names): string => `apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata:
  name: kv
  namespace: ${namespace}
spec:
  provider: azure
  parameters:
    clientID: ${client}
    keyvaultName: ${vault}
    objects: |
      array:
        - |
          objectName: db
          objectType: secret
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: ${namespace}
spec:
  serviceAccountName: web
  containers:
    - name: app
      image: app
      volumeMounts:
        - name: kv
          mountPath: /kv
  volumes:
    - name: kv
      csi:
        driver: secrets-store.csi.k8s.io
        readOnly: true
        volumeAttributes:
          secretProviderClass: kv
`
