import type { Message } from './draw-step.ts'

/** A step of the page, and which lines of the demo's output show it. */
interface WalkStep {
  readonly title: string
  readonly says: string
  readonly messages: readonly Message[]
  /** The first and the last of these lines. */
  readonly lines: readonly [first: RegExp, last: RegExp]
}

/** What a pod goes through, in the order of the demo. */
export const walkSteps: readonly WalkStep[] = [
  {
    title: 'The webhook patches the pod',
    says: 'Somebody applies a pod with annotations of akv-injector. The API server calls the webhook, which it does for such pods only. The webhook answers with a patch. It reads no secret, and calls no vault.',
    messages: [
      { from: 'API server', to: 'webhook', label: 'AdmissionReview' },
      { from: 'webhook', to: 'API server', label: 'JSON Patch' },
    ],
    lines: [/^\d+\. Admission of /, /add \/spec\/initContainers$/],
  },
  {
    title: 'The pod has an agent',
    says: 'The pod that starts on the node has the agent, which runs before the other containers, and a volume in memory for the files.',
    messages: [{ from: 'API server', to: 'agent', label: 'the pod starts on a node' }],
    lines: [/the pod now has:$/, /variable +API_KEY /],
  },
  {
    title: 'The agent signs in',
    says: 'The kubelet gives the agent a token of the pod’s service account. Entra exchanges it for a token for Key Vault. No password or key is stored anywhere.',
    messages: [
      { from: 'agent', to: 'Entra', label: 'service account token' },
      { from: 'Entra', to: 'agent', label: 'access token' },
    ],
    lines: [/^\d+\. The agent, /, /signs in as /],
  },
  {
    title: 'The agent fetches, and writes the files',
    says: 'The agent fetches each object once, and writes all files before the other containers start. The values of variables go into a file that the kubelet reads.',
    messages: [
      { from: 'agent', to: 'vault', label: 'each object, once' },
      { from: 'vault', to: 'agent', label: 'values' },
      { from: 'agent', to: 'files', label: 'all files, then one link' },
    ],
    lines: [/all files written after /, /^ +Variables, /],
  },
  {
    title: 'A secret is rotated',
    says: 'Somebody, or Key Vault itself, writes a new version. Nothing in the cluster has to know about it.',
    messages: [{ from: 'vault', to: 'vault', label: 'new version' }],
    lines: [/^\d+\. A rotation$/, /has a new version, /],
  },
  {
    title: 'The files switch in one step',
    says: 'At its next refresh, the agent writes all files into a new folder, and then replaces the link `..data`. So no container sees an old file beside a new one.',
    messages: [
      { from: 'agent', to: 'vault', label: 'is there a new version?' },
      { from: 'vault', to: 'agent', label: 'values' },
      { from: 'agent', to: 'files', label: 'the link changes' },
    ],
    lines: [/All files switched in one step/, /^ +Done\.$/],
  },
]
