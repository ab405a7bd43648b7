/** An AdmissionReview of a pod as a Deployment makes them: about 4 KB of JSON, annotated unless told otherwise. */
export function exampleReview(options: { uid?: string; annotations?: object } = {}) {
  const { uid = '705ab4f5-6393-11e8-b7cc-42010a800002', annotations = exampleAnnotations } = options
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      requestKind: { group: '', version: 'v1', kind: 'Pod' },
      requestResource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'shop',
      operation: 'CREATE',
      userInfo: {
        username: 'system:serviceaccount:kube-system:replicaset-controller',
        uid: '7e0c1a3b-0e2c-4f0b-9a51-0d6a3c1f0a11',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system'],
      },
      object: examplePod(annotations),
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  }
}

const exampleAnnotations = {
  'akv-injector.io/vault': 'team-a',
  'akv-injector.io/secrets': 'db-password, creds/api.key=api-key',
  'akv-injector.io/env': 'DB_PASSWORD=db-password',
  'akv-injector.io/refresh': '5m',
}

function examplePod(annotations: object) {
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      generateName: 'web-6f7d9c8b5d-',
      creationTimestamp: null,
      labels: {
        app: 'web',
        'pod-template-hash': '6f7d9c8b5d',
        'azure.workload.identity/use': 'true',
      },
      annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '8080', ...annotations },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: 'web-6f7d9c8b5d',
          uid: 'b1946ac9-2492-4d2c-8a1b-0a1b2c3d4e5f',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      volumes: [
        { name: 'tmp', emptyDir: {} },
        { name: 'config', configMap: { name: 'web-config', defaultMode: 420 } },
        { name: 'kube-api-access-x7k2p', projected: { defaultMode: 420, sources: tokenSources } },
      ],
      initContainers: [container('migrate', ['/app/migrate', '--wait'])],
      containers: [container('web', ['/app/web']), container('worker', ['/app/worker', '-v'])],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'web',
      serviceAccount: 'web',
      securityContext: { runAsNonRoot: true, runAsUser: 10001, fsGroup: 10001 },
      schedulerName: 'default-scheduler',
      tolerations: ['not-ready', 'unreachable'].map((condition) => ({
        key: `node.kubernetes.io/${condition}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      })),
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
    },
    status: {},
  }
}

const tokenSources = [
  { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
  { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
]

const container = (name: string, command: readonly string[]) => ({
  name,
  image: `registry.example/shop/${name}@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`,
  command,
  ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
  env: [
    { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
    { name: 'LOG_LEVEL', value: 'info' },
    { name: 'DB_URL', value: 'postgres://shop@db.shop.svc:5432/shop' },
  ],
  resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
  volumeMounts: [
    { name: 'tmp', mountPath: '/tmp' },
    { name: 'config', mountPath: '/etc/web', readOnly: true },
    {
      name: 'kube-api-access-x7k2p',
      readOnly: true,
      mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
    },
  ],
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'IfNotPresent',
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  },
})
