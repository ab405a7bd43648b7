import { versionVariable } from '../parts/kubernetes-versions.ts'

/** Set by `npm run cluster:test -- --fast-start`. */
export const fastStartVariable = 'CLUSTER_FAST_START'

const [, minor] = (process.env[versionVariable] ?? '').split('.')

/** The minor version of the cluster's Kubernetes: 36 for 1.36. */
export const kubernetesMinor = Number(minor)

/** Whether pods may use `akv-injector.io/env`. If not, the webhook refuses it. */
export const supportsEnv = kubernetesMinor >= 35

/** Returns the annotation `env`, or nothing if pods may not use it: for tests in which variables are a detail. */
export const envIfSupported = (env: string): { readonly env?: string } =>
  supportsEnv ? { env } : {}

/** Returns a word for a shell: the value of a variable, or the content of a file if pods may not use variables. */
export const variableOrFile = (variable: string, file: string): string =>
  supportsEnv ? `"$${variable}"` : `"$(cat ${file})"`

/** Whether containers wait for refreshing agents at a gate, instead of a startup probe (`--fast-start`). */
export const startsFast = process.env[fastStartVariable] === 'true'
