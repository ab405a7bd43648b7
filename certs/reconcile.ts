import { performance } from 'node:perf_hooks'
import { inspect, type SecretTexts } from './inspect.ts'
import { issueAuthority, issueLeaf } from './issue.ts'
import { authorityLifetimeDays, authorityName, leafLifetimeDays } from './names.ts'
import { plan, type Step } from './plan.ts'

/** The three objects as they were read. Undefined if an object doesn't exist. */
export interface ClusterState {
  /** By the API server's clock. */
  readonly now: Date
  readonly authority: Stored<SecretTexts> | undefined
  readonly leaf: Stored<SecretTexts> | undefined
  /**
   * `caBundle` as PEM of each entry that calls our Service, by the entry's name; empty if it isn't set. Undefined if there is
   * no such entry.
   */
  readonly bundles: Stored<Bundles> | undefined
}

export interface Stored<T> {
  readonly content: T
  /** Each write sends this version, and fails if the object has changed since. */
  readonly resourceVersion: string
}

export type Bundles = Readonly<Record<string, string>>

/** Reads and writes the three objects. A write that throws a {@link ConflictError} has changed nothing. */
export interface CertsCluster {
  read(): Promise<ClusterState>
  writeAuthority(secret: Stored<Readonly<Record<string, string>>>): Promise<void>
  writeLeaf(secret: Stored<Readonly<Record<string, string>>>): Promise<void>
  publish(bundles: Stored<Bundles>): Promise<void>
}

/** Somebody else has changed the object since it was read. */
export class ConflictError extends Error {}

/** What was changed, for the log. */
export type CertificateChange = Extract<
  Step,
  { kind: 'publish' | 'issue-authority' | 'issue-leaf' }
>

/** How a call ended: nothing has to change now, or an object is missing. */
export type ReconcileResult = Extract<Step, { kind: 'nothing' | 'wait' | 'missing' }>

interface ReconcilerOptions {
  readonly cluster: CertsCluster
  /** The name that the API server verifies: `<service>.<namespace>.svc`. */
  readonly dnsName: string
  readonly publishAheadMs: number
  readonly onChange: (change: CertificateChange) => void
  /** A monotonic clock: it measures how long an authority has been published. */
  readonly elapsedMs?: () => number
}

/** A new install takes three rounds. The others are for conflicts, and for edits in the meantime. */
const maxRounds = 10

/**
 * Creates a function that brings the three objects into the desired state, with one write at a time. It reads
 * everything again after each write. It remembers only when it first saw the authority in use in `caBundle`. After a
 * restart, it waits once more.
 */
export function createReconciler(options: ReconcilerOptions): () => Promise<ReconcileResult> {
  const { cluster, dnsName, publishAheadMs, elapsedMs = () => performance.now() } = options
  let seen: { readonly pem: string; readonly atMs: number } | undefined

  function decide(state: ClusterState): Step {
    const inspected = inspect({
      authority: state.authority?.content,
      leaf: state.leaf?.content,
      bundles: state.bundles && Object.values(state.bundles.content),
      dnsName,
    })
    const inUse = inspected.authority.kind === 'usable' ? inspected.authority.value.pem : undefined
    const isPublished = inspected.bundle?.inEveryEntry.some(({ pem }) => pem === inUse) === true
    if (!isPublished || inUse === undefined) seen = undefined
    else if (seen?.pem !== inUse) seen = { pem: inUse, atMs: elapsedMs() }
    const publishedForMs = seen ? elapsedMs() - seen.atMs : 0
    return plan({ ...inspected, now: state.now.getTime(), publishedForMs, publishAheadMs })
  }

  return async function reconcile() {
    for (let round = 0; round < maxRounds; round++) {
      const state = await cluster.read()
      const step = decide(state)
      if (step.kind === 'nothing' || step.kind === 'wait' || step.kind === 'missing') return step
      try {
        await carryOut({ step, state, cluster, dnsName })
        options.onChange(step)
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
      }
    }
    throw new Error(
      `tried ${maxRounds} times to reach the desired state: something else keeps changing the objects`,
    )
  }
}

async function carryOut(options: {
  readonly step: CertificateChange
  readonly state: ClusterState
  readonly cluster: CertsCluster
  readonly dnsName: string
}): Promise<void> {
  const { step, state, cluster, dnsName } = options
  switch (step.kind) {
    case 'publish': {
      const entries = Object.keys(state.bundles?.content ?? {})
      const bundles = Object.fromEntries(entries.map((name) => [name, step.bundle]))
      return await cluster.publish(replacing(state.bundles, bundles))
    }
    case 'issue-authority':
      return await cluster.writeAuthority(replacing(state.authority, await newAuthority(state)))
    case 'issue-leaf':
      return await cluster.writeLeaf(replacing(state.leaf, await newLeaf(state, dnsName)))
    default:
      step satisfies never
  }
}

/** The write of new content in place of what was read. */
const replacing = <T>(read: Stored<unknown> | undefined, content: T): Stored<T> => ({
  content,
  resourceVersion: read?.resourceVersion ?? '',
})

async function newAuthority({ now }: ClusterState) {
  const { certificatePem, keyPem } = await issueAuthority({
    commonName: authorityName,
    now,
    lifetimeDays: authorityLifetimeDays,
  })
  return { 'tls.crt': certificatePem, 'tls.key': keyPem }
}

async function newLeaf({ now, authority }: ClusterState, dnsName: string) {
  const { 'tls.crt': ca = '', 'tls.key': caKey = '' } = authority?.content ?? {}
  const { certificatePem, keyPem } = await issueLeaf({
    authority: { certificatePem: ca, keyPem: caKey },
    commonName: 'akv-injector webhook',
    dnsNames: [dnsName],
    ipAddresses: [],
    now,
    lifetimeDays: leafLifetimeDays,
  })
  return { 'tls.crt': certificatePem, 'tls.key': keyPem, 'ca.crt': ca }
}
