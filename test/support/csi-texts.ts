/** The YAML text of a class with this vault. */
export const classText = (vault: string, name = 'kv'): string => `# The vault of the team.
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: { name: ${name}, namespace: shop }
spec:
  provider: azure
  parameters:
    clientID: 22222222-2222-2222-2222-222222222222
    keyvaultName: ${vault}
    objects: |
      - { objectName: db, objectType: secret }
`
/** The YAML text of a pod with a volume of a class. */
export const podText = (name = 'web', volumeClass = 'kv'): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${name} # the name
  namespace: shop
spec:
  serviceAccountName: web
  containers:
    - name: app
      image: app
      volumeMounts:
        - { name: kv, mountPath: /kv }
  volumes:
    - name: kv
      csi:
        driver: secrets-store.csi.k8s.io
        volumeAttributes: { secretProviderClass: ${volumeClass} }
`
