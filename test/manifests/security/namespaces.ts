import type { Labels } from './matching.ts'

export interface ExampleNamespace {
  readonly name: string
  readonly labels: Labels
}
const named = (name: string): ExampleNamespace => ({ name, labels: {} })
const labelled = (labels: Labels): ExampleNamespace => ({ name: 'shop', labels })

/** Namespaces whose annotated pods the webhook injects. */
export const ordinary = [
  named('shop'),
  named('default'),
  named('akv-injector-2'),
  labelled({ team: 'a', 'pod-security.kubernetes.io/enforce': 'restricted' }),
  labelled({ 'kubernetes.azure.com/managedby': 'somebody' }),
]

/** docs/install.md, "Excluded namespaces". */
export const excluded = [
  ...['akv-injector', 'kube-system', 'kube-node-lease', 'kube-public'].map(named),
  named('gatekeeper-system'),
  labelled({ 'control-plane': 'true' }),
  labelled({ 'control-plane': '' }),
  labelled({ 'kubernetes.azure.com/managedby': 'aks' }),
]

/** With `csi.namespaces=labelled`, pods of such namespaces are served. */
export const csiLabel: Labels = { 'akv-injector.io/csi': 'true' }
