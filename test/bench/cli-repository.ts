import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from '../../image/bundle.ts'
import { type Bench, type Figure, measureInTurns, mebibytes } from './bench.ts'
import { measureProcess, medianOf, type Run } from './measure-process.ts'

const commands: readonly (readonly string[])[] = [['check'], ['migrate', '--dry-run']]
const documentsOfApp = 5
const appsOfNamespace = 20

/** Measures how the costs of commands grow with a repository of two environments. */
export const benchRepository: Bench = async ({ isSmoke }) => {
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-bench-'))
  try {
    await bundle(join(folder, 'dist'))
    const sizes = isSmoke ? [250, 500] : [2500, 5000, 10_000]
    for (const documents of sizes) writeRepository(join(folder, String(documents)), documents)
    const figures: Figure[] = []
    for (const command of commands) {
      const runOn = (documents: number) => () => {
        const args = [join(folder, 'dist/main.js'), ...command, join(folder, String(documents))]
        return measureProcess({ folder, args, stderr: 'ignore' })
      }
      const runs = await measureInTurns<string, Run>(
        Object.fromEntries(sizes.map((documents) => [documents, runOn(documents)])),
        isSmoke ? 3 : 1,
      )
      const measured = sizes.map((documents) => ({
        documents,
        run: medianOf(runs[documents] ?? []),
      }))
      const [least] = measured
      for (const { documents, run } of measured)
        figures.push(
          figureOf(`${command.join(' ')}, ${documents} documents`, { documents, run }, least),
        )
    }
    return figures
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Measured {
  readonly documents: number
  readonly run: Run
}

/** @param least - the run with the fewest documents, with which the costs of a document are compared */
function figureOf(what: string, { documents, run }: Measured, least?: Measured): Figure {
  const value = `${(run.cpuMs / 1000).toFixed(1)} s of CPU (${(run.cpuMs / documents).toFixed(2)} ms a document), ${mebibytes(run.peakBytes)} at its peak`
  if (least === undefined || least.documents === documents) return { what, value }
  const growth = (cost: 'cpuMs' | 'peakBytes') =>
    run[cost] / documents / (least.run[cost] / least.documents)
  return { what, value, ratios: { CPU: growth('cpuMs'), memory: growth('peakBytes') } }
}

function writeRepository(folder: string, documents: number): void {
  const apps = documents / documentsOfApp / 2
  for (const environment of ['dev', 'prod'])
    for (let app = 0; app < apps; app++) {
      mkdirSync(join(folder, environment), { recursive: true })
      appendFileSync(
        // A file for each app, and one that grows.
        join(folder, environment, environment === 'dev' ? `app-${app}.yaml` : 'apps.yaml'),
        `---\n${appText(environment, app)}`,
      )
    }
}

function appText(environment: string, app: number): string {
  const metadata = `metadata:\n  name: app-${app}\n  namespace: team-${Math.floor(app / appsOfNamespace)}`
  const client = `00000000-0000-4000-8000-${String(app).padStart(12, '0')}`
  return `# ${environment}
apiVersion: v1
kind: ServiceAccount
${metadata}
  annotations:
    azure.workload.identity/client-id: ${client}
---
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
${metadata}
spec:
  provider: azure
  parameters:
    clientID: ${client}
    keyvaultName: kv-${environment}-${app}
    objects: |
      array:
        - |
          objectName: db-password
          objectType: secret
        - |
          objectName: api-key
          objectType: secret
  secretObjects:
    - secretName: app-${app}-env
      type: Opaque
      data:
        - objectName: api-key
          key: API_KEY
---
apiVersion: apps/v1
kind: Deployment
${metadata}
spec:
  selector:
    matchLabels:
      app: app-${app}
  template:
    metadata:
      labels:
        app: app-${app}
    spec:
      serviceAccountName: app-${app}
      containers:
        - name: app
          image: registry.example/app-${app}:1
          volumeMounts:
            - name: kv
              mountPath: /mnt/kv
      volumes:
        - name: kv
          csi:
            driver: secrets-store.csi.k8s.io
            readOnly: true
            volumeAttributes:
              secretProviderClass: app-${app}
---
apiVersion: external-secrets.io/v1
kind: SecretStore
${metadata}
spec:
  provider:
    azurekv:
      authType: WorkloadIdentity
      vaultUrl: https://kv-${environment}-${app}.vault.azure.net
      serviceAccountRef:
        name: app-${app}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
${metadata}
spec:
  secretStoreRef:
    name: app-${app}
  data:
    - secretKey: token
      remoteRef:
        key: token
`
}
