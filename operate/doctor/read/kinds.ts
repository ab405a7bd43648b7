import type { Kind } from '../../cluster/list-all.ts'

/** A kind that `doctor` lists, and how a notice names it. */
export interface ListedKind extends Kind {
  readonly what: string
  readonly isOfCluster?: true
}

const admission = 'apis/admissionregistration.k8s.io/v1'
const monitoring = 'apis/monitoring.coreos.com/v1'
const rbac = 'apis/rbac.authorization.k8s.io/v1'
const driver = 'apis/secrets-store.csi.x-k8s.io/v1'

const ofCluster = (kind: string, api: string, resource: string, what: string): ListedKind => ({
  kind,
  api,
  resource,
  what,
  isOfCluster: true,
})
const ofNamespaces = (kind: string, api: string, resource: string): ListedKind => ({
  kind,
  api,
  resource,
  what: resource,
})

export const kinds = {
  nodes: ofCluster('Node', 'api/v1', 'nodes', 'the versions of nodes'),
  namespaces: ofCluster('Namespace', 'api/v1', 'namespaces', 'which namespaces are left alone'),
  mutatingConfigurations: ofCluster(
    'MutatingWebhookConfiguration',
    admission,
    'mutatingwebhookconfigurations',
    'the webhook configuration and its caBundle',
  ),
  policies: ofCluster(
    'ValidatingAdmissionPolicy',
    admission,
    'validatingadmissionpolicies',
    'admission policies',
  ),
  policyBindings: ofCluster(
    'ValidatingAdmissionPolicyBinding',
    admission,
    'validatingadmissionpolicybindings',
    'bindings of admission policies',
  ),
  drivers: ofCluster('CSIDriver', 'apis/storage.k8s.io/v1', 'csidrivers', 'CSI drivers'),
  deployments: ofNamespaces('Deployment', 'apis/apps/v1', 'deployments'),
  daemonSets: ofNamespaces('DaemonSet', 'apis/apps/v1', 'daemonsets'),
  statefulSets: ofNamespaces('StatefulSet', 'apis/apps/v1', 'statefulsets'),
  jobs: ofNamespaces('Job', 'apis/batch/v1', 'jobs'),
  cronJobs: ofNamespaces('CronJob', 'apis/batch/v1', 'cronjobs'),
  pods: ofNamespaces('Pod', 'api/v1', 'pods'),
  accounts: ofNamespaces('ServiceAccount', 'api/v1', 'serviceaccounts'),
  classes: ofNamespaces('SecretProviderClass', driver, 'secretproviderclasses'),
  classMounts: ofNamespaces(
    'SecretProviderClassPodStatus',
    driver,
    'secretproviderclasspodstatuses',
  ),
  externalSecrets: ofNamespaces('ExternalSecret', 'apis/external-secrets.io/v1', 'externalsecrets'),
  podMonitors: ofNamespaces('PodMonitor', monitoring, 'podmonitors'),
  serviceMonitors: ofNamespaces('ServiceMonitor', monitoring, 'servicemonitors'),
  rules: ofNamespaces('PrometheusRule', monitoring, 'prometheusrules'),
  roles: ofNamespaces('Role', rbac, 'roles'),
  roleBindings: ofNamespaces('RoleBinding', rbac, 'rolebindings'),
  clusterRoles: ofCluster(
    'ClusterRole',
    rbac,
    'clusterroles',
    'what ClusterRoles let Secret sync do',
  ),
  clusterRoleBindings: ofCluster(
    'ClusterRoleBinding',
    rbac,
    'clusterrolebindings',
    'what is bound to Secret sync in all namespaces',
  ),
  certificates: ofNamespaces('Certificate', 'apis/cert-manager.io/v1', 'certificates'),
} as const satisfies Record<string, ListedKind>
