/** A kubeconfig that signs in with a token; every JSON document is a YAML one. */
export function kubeconfigText(access: {
  readonly server: string
  readonly token: string
  readonly caPem?: string | undefined
}): string {
  const { server, token, caPem } = access
  const authority = caPem && {
    'certificate-authority-data': Buffer.from(caPem).toString('base64'),
  }
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'tests',
    contexts: [{ name: 'tests', context: { cluster: 'tests', user: 'tests' } }],
    clusters: [{ name: 'tests', cluster: { server, ...authority } }],
    users: [{ name: 'tests', user: { token } }],
  })
}
