/** Values that effects.ts doesn't name. They have tests of their own in test/manifests. */
export const testedElsewhere = [
  ...['tenantId', 'defaultVault', 'allowedVaults', 'defaults', 'kubernetesVersion'],
  ...['cloud.name', 'cloud.authorityHost', 'cloud.vaultUrl', 'cloud.vaultAudience', 'cloud.ca'],
  ...['enabled', 'serverName', 'tokenProxy', 'caConfigMap'].map(
    (name) => `identityBinding.${name}`,
  ),
  ...['commonLabels', 'commonAnnotations'],
  ...['image.repository', 'image.digest', 'global.imageRegistry'],
  ...['agent.image', 'agent.requests', 'agent.limits'],
  ...['agent.allowRoot', 'agent.allowExposed', 'agent.fastStart'],
  'webhook.excludedNamespaces',
  ...['webhook.podDisruptionBudget.enabled', 'webhook.podDisruptionBudget.minAvailable'],
  ...['configMapName', 'secretName', 'names'].map((name) => `webhook.clientCertificates.${name}`),
  ...['csi.namespaces', 'csi.refresh', 'csi.crd'],
  ...[
    'certs.mode',
    'certs.certManager.issuerRef',
    'certs.files.secretName',
    'certs.files.caBundle',
  ],
  ...[
    'sync.enabled',
    'sync.watch',
    'sync.namespaces',
    'sync.classes',
    'sync.externalSecrets',
    ...['enabled', 'interval', 'concurrent', 'minInterval', 'maxPerDay'].map(
      (key) => `sync.rollouts.${key}`,
    ),
    'sync.crds',
  ],
  ...['ephemeralContainers', 'uninjectedPods', 'unsyncedAccounts', 'idleRollouts'].map(
    (name) => `policies.${name}`,
  ),
  'networkPolicy.enabled',
  ...['podMonitor', 'serviceMonitor'].flatMap((monitor) =>
    ['enabled', 'labels', 'annotations', 'interval'].map((key) => `metrics.${monitor}.${key}`),
  ),
  ...['prometheusRule', 'dashboard'].flatMap((object) =>
    ['enabled', 'labels', 'annotations'].map((key) => `metrics.${object}.${key}`),
  ),
  'aggregatedRoles',
  'affinity',
]
