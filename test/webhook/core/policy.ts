import type { Policy } from '../../../requests/administrator/policy.ts'

/** An administrator who changed nothing but what has no default. */
export const policy: Policy = {
  versionLabel: '1.0.0',
  agentImage: 'registry.example/akv-injector:1.0.0',
  agentProxy: {},
  cloudName: 'public',
  cloud: {
    authorityHost: 'https://login.microsoftonline.com',
    vaultUrl: 'https://{vault}.vault.azure.net',
    audience: 'https://vault.azure.net',
  },
  allowRoot: false,
  allowExposedAgents: false,
  fastStart: false,
  namesPods: false,
  agentRequests: { cpu: '10m', memory: '16Mi' },
  agentLimits: { memory: '160Mi' },
  volumeSizeLimit: '16Mi',
  metricsPort: 0,
  agentLogLevel: 'info',
  csiRefreshSeconds: 0,
}

/** An administrator who allows identity bindings. */
export const bindingPolicy: Policy = {
  ...policy,
  tokenProxy: {
    kind: 'known',
    proxy: {
      url: 'https://kubernetes.default.svc.cluster.local',
      serverName: 'a1.ests.aks',
      ca: 'PEM',
    },
  },
}

/** An administrator whose nodes are all new enough for the gate. */
export const fastPolicy: Policy = { ...policy, fastStart: true }
