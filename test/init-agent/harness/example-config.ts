import type { AgentConfig } from '../../../delivery/contract.ts'

/** A configuration with every kind of target, and without served volumes. */
export const exampleConfig: AgentConfig = {
  version: 1,
  containers: ['app'],
  files: [{ object: { vault: 'team-a', type: 'secret', name: 'db' }, path: 'db$(HOME)' }],
  templates: [
    {
      path: 'app.conf',
      segments: ['password=', { object: { vault: 'team-a', type: 'secret', name: 'db' } }, '\n'],
    },
  ],
  env: [
    { object: { vault: 'team-a', type: 'secret', name: 'db' }, variable: 'DB', optional: true },
  ],
  fileMode: '0444',
  refreshSeconds: 300,
  timeoutSeconds: 120,
  onDeleted: 'keep',
  notify: 'http://127.0.0.1:8080/reload',
  logLevel: 'info',
  identity: { defaultTenantId: '00000000-0000-0000-0000-000000000000' },
  cloud: {
    authorityHost: 'https://login.microsoftonline.com',
    vaultUrl: 'https://{vault}.vault.azure.net',
    audience: 'https://vault.azure.net',
  },
}
