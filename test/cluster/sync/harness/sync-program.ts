import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { bundle } from '../../../../image/bundle.ts'

/** A running `akv-injector sync`, which a test can kill. */
export interface SyncProgram {
  /** The value of a series in `/metrics`, or NaN if the series doesn't exist. */
  metric(series: string): Promise<number>
  isReady(): Promise<boolean>
  /** Sends the signal. Resolves with the exit code, or with null if the signal ended the process. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
}

export interface SyncProgramOptions {
  /** Of the controller's ServiceAccount, whose permissions say which accounts are enabled. */
  readonly kubeconfigFile: string
  readonly cloud: { readonly url: string; readonly caPem: string }
  /** Whether it reads SecretProviderClasses. */
  readonly classes?: boolean
  readonly externalSecrets?: boolean
}

/** @returns a function that starts the program, as the Deployment does after each crash */
export async function syncProgram(
  t: Test,
  { kubeconfigFile, cloud, classes = false, externalSecrets = false }: SyncProgramOptions,
): Promise<() => Promise<SyncProgram>> {
  const folder = t.testdir()
  await bundle(folder)
  const caFile = join(folder, 'cloud.crt')
  writeFileSync(caFile, cloud.caPem)
  const env = {
    ...process.env,
    KUBECONFIG: kubeconfigFile,
    AKV_INJECTOR_CLOUD: 'custom',
    AKV_INJECTOR_AUTHORITY_HOST: cloud.url,
    AKV_INJECTOR_VAULT_URL: `${cloud.url}/{vault}`,
    AKV_INJECTOR_CA_FILE: caFile,
  }
  const args = [
    join(folder, 'main.js'),
    ...['sync', '--watch', 'cluster', '--health-listen=127.0.0.1:0'],
    ...(classes ? ['--classes'] : []),
    ...(externalSecrets ? ['--external-secrets'] : []),
  ]
  return async () => {
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => child.kill('SIGKILL'))
    const exit = once(child, 'exit')
    const lines = createInterface(child.stdout)
    const [line] = await Promise.race([once(lines, 'line'), exit.then(() => ['{}'])])
    lines.on('line', (text) => t.comment(text))
    const { healthPort } = JSON.parse(line)
    if (healthPort === undefined) throw new Error('the program ended, and said why')
    const ask = (path: string) => fetch(`http://127.0.0.1:${healthPort}${path}`)
    return {
      isReady: async () => (await ask('/readyz')).ok,
      async metric(series) {
        const text = await (await ask('/metrics')).text()
        const found = text.split('\n').find((line) => line.startsWith(`${series} `))
        return Number(found?.slice(series.length + 1))
      },
      async end(signal) {
        child.kill(signal)
        const [code] = await exit
        return code
      },
    }
  }
}
