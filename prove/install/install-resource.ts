import type { OwnInstall } from '../plan/facts.ts'
import type { Resource } from '../plan/resource.ts'
import type { ToolCall } from '../tools/tools.ts'
import {
  installCall,
  installLabels,
  markSelector,
  ownNamespace,
  switchOffCall,
  uninstallCall,
} from './own-install.ts'

/** What a chart makes outside of its namespace. Uninstalling keeps the CRDs. */
export const clusterTypes = [
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'clusterroles',
  'clusterrolebindings',
] as const

/**
 * The install of a run, with its namespace and its CRDs.
 *
 * @param install - undefined if the run makes none. It then only removes what an earlier run has left.
 * @param looksEverywhere - whether it is also looked for if its namespace is gone, which takes the right to list ClusterRoles and others
 */
export function installResource(
  install: OwnInstall | undefined,
  looksEverywhere: boolean,
): Resource {
  const all = [...clusterTypes, 'customresourcedefinitions', 'namespaces'].join()
  return {
    kind: 'install',
    name: ownNamespace,
    sentence: `an install of akv-injector, by Helm, in a namespace ${ownNamespace}: with its webhook, its policies, its ClusterRoles, and the CRDs of SecretProviderClass and External Secrets, which are cluster-wide. Removing the CRDs removes all objects of these kinds`,
    make: install === undefined ? [] : [{ call: createNamespace }, { call: installCall(install) }],
    isEarlier: install === undefined,
    find: {
      by: 'label',
      call: {
        tool: 'kubectl',
        args: ['get', looksEverywhere ? all : 'namespaces', markSelector, '--output=name'],
      },
    },
    remove: [
      // First, because the API server refuses annotated pods while there is a configuration and no webhook.
      switchOffCall,
      uninstallCall,
      { tool: 'kubectl', args: ['delete', all, markSelector, '--timeout=150s'] },
    ],
  }
}

/** What a chart makes in its namespace. Events and EndpointSlices aren’t its own, and the namespace and CRDs are kept. */
const ownTypes = [
  ...['deployments', 'services', 'configmaps', 'secrets', 'serviceaccounts', 'roles'],
  ...['rolebindings', 'networkpolicies', 'poddisruptionbudgets'],
]

/** Prints the names of what an uninstall has to remove. */
export const leftoversCall: ToolCall = {
  tool: 'kubectl',
  args: [
    ...['get', [...clusterTypes, ...ownTypes].join(), markSelector, '--namespace', ownNamespace],
    '--output=name',
  ],
}

const createNamespace = {
  tool: 'kubectl',
  args: ['create', '--request-timeout=60s'],
  objects: [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: ownNamespace, labels: installLabels },
    },
  ],
} as const
