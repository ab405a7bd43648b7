import type { Test } from 'tap'
import { annotations, type Simulation, startSimulation } from './simulation.ts'

/** The annotations of an account that requests nothing itself. */
export const identity = annotations('')
delete identity['akv-injector.io/sync']

/** Starts a simulation with a SecretStore `kv`, and these accounts. */
export async function start(t: Test, listed: readonly string[] = ['web'], yaml?: string) {
  const simulation = await startSimulation(t, { classesOf: listed, ...(yaml && { yaml }) })
  for (const name of listed) simulation.apiServer.accounts.put('team-a', name, identity)
  const { externalSecrets } = simulation.apiServer
  const vaultUrl = simulation.options.policy.cloud.vaultUrl.replace('{vault}', 'team-a')
  const store = (more: object = {}) => ({ provider: { azurekv: { vaultUrl, ...more } } })
  externalSecrets.put('SecretStore', { name: 'kv' }, store())
  return { ...simulation, externalSecrets, store }
}
/** The spec of an ExternalSecret. */
export const secret = (more: object = {}, key = 'db-password') => ({
  secretStoreRef: { name: 'kv' },
  data: [{ secretKey: 'password', remoteRef: { key } }],
  ...more,
})
export type Started = Awaited<ReturnType<typeof start>>
/** The condition of an ExternalSecret. */
export const ready = ({ externalSecrets }: Started, name = 'db') =>
  externalSecrets.status('ExternalSecret', name)?.conditions[0]

/** Metadata of an object whose status another manager has just written, or at a time in the future. */
export const written = (simulation: Simulation, manager: string, aheadMs = 0) => ({
  managedFields: [
    {
      manager,
      operation: 'Update',
      time: new Date(simulation.clock.wallTime() + aheadMs).toISOString(),
      fieldsV1: { 'f:status': {} },
    },
  ],
})
