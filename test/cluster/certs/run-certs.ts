import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { type Ended, start } from '../../support/run-command-line.ts'
import { accountKubeconfig } from '../client/account-kubeconfig.ts'
import type { Api } from '../client/api.ts'

export interface RunCertsOptions {
  readonly api: Api
  /** The kubeconfig of the tests, from which that of the controller's account is made. */
  readonly kubeconfigFile: string
  /** The message of the log line after which the program is stopped. */
  readonly until: string
}

/** Runs `akv-injector certs` with the rights of the installed account until it logs a message. */
export async function runCerts(t: Test, options: RunCertsOptions): Promise<Ended> {
  const { api, kubeconfigFile, until } = options
  const kubeconfig = await accountKubeconfig({
    api,
    kubeconfigFile,
    account: { name: 'akv-injector-certs', namespace: 'akv-injector' },
    folder: t.testdir(),
  })
  const { child, ended } = start(['certs', '--health-listen=127.0.0.1:0'], {
    KUBECONFIG: kubeconfig,
  })
  t.teardown(() => child.kill('SIGKILL'))
  for await (const line of createInterface(child.stdout)) {
    const { level, message } = JSON.parse(line)
    t.equal(level, 'info', message)
    if (message === until) child.kill()
  }
  return await ended
}
