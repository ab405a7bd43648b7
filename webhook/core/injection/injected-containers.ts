/** An injector, and the containers that it adds to pods. */
interface Injector {
  readonly name: string
  /** The source file that names the containers. */
  readonly source: string
  /** Its sidecar may be the only way out of the pod, so the agent starts after it. */
  readonly isMesh?: boolean
  readonly containers: readonly string[]
}

/**
 * Containers that other admission webhooks add to pods, often before our review. They receive no objects, because these
 * are for the pod's own containers, unless `akv-injector.io/containers` names them. The list has only names that are
 * typical of an injector, and none that people may give to their own containers, such as `envoy`
 * (docs/specification.md, "Containers that receive the objects").
 */
export const injectors: readonly Injector[] = [
  {
    name: 'Istio',
    source:
      'istio/istio manifests/charts/istio-control/istio-discovery/files/injection-template.yaml',
    isMesh: true,
    containers: ['istio-proxy', 'istio-init', 'istio-validation', 'enable-core-dump'],
  },
  {
    name: 'Linkerd',
    source: 'linkerd/linkerd2 pkg/k8s/labels.go',
    isMesh: true,
    containers: ['linkerd-proxy', 'linkerd-init', 'linkerd-network-validator'],
  },
  {
    name: 'Consul',
    source: 'hashicorp/consul-k8s control-plane/connect-inject/webhook/container_init.go',
    isMesh: true,
    containers: [
      'consul-dataplane',
      'consul-connect-inject-init',
      'consul-mesh-init',
      'envoy-sidecar',
      'consul-sidecar',
    ],
  },
  {
    name: 'Kuma',
    source: 'kumahq/kuma pkg/plugins/runtime/k8s/util/names.go',
    isMesh: true,
    containers: ['kuma-sidecar', 'kuma-init', 'kuma-validation'],
  },
  {
    name: 'azure-workload-identity',
    source: 'Azure/azure-workload-identity pkg/webhook/consts.go',
    containers: ['azwi-proxy', 'azwi-proxy-init'],
  },
  {
    name: 'Vault',
    source: 'hashicorp/vault-k8s agent-inject/agent/agent.go',
    containers: ['vault-agent', 'vault-agent-init'],
  },
  {
    name: 'Bank-Vaults',
    source: 'bank-vaults/vault-secrets-webhook pkg/webhook/pod.go',
    containers: ['copy-vault-env'],
  },
  {
    name: 'akv2k8s',
    source:
      'SparebankenVest/azure-key-vault-to-kubernetes cmd/azure-keyvault-secrets-webhook/pod.go',
    containers: ['copy-azurekeyvault-env'],
  },
  {
    name: 'Dapr',
    source: 'dapr/dapr pkg/injector/consts/consts.go',
    containers: ['daprd'],
  },
  {
    name: 'Datadog',
    source:
      'DataDog/datadog-agent pkg/clusteragent/admission/mutate (agent_sidecar, autoinstrumentation)',
    containers: [
      'datadog-agent-injected',
      'datadog-init-apm-inject',
      'datadog-lib-dotnet-init',
      'datadog-lib-java-init',
      'datadog-lib-js-init',
      'datadog-lib-php-init',
      'datadog-lib-python-init',
      'datadog-lib-ruby-init',
    ],
  },
  {
    name: 'OpenTelemetry',
    source: 'open-telemetry/opentelemetry-operator internal/instrumentation, internal/naming',
    containers: [
      'otc-container',
      'opentelemetry-auto-instrumentation',
      'opentelemetry-auto-instrumentation-dotnet',
      'opentelemetry-auto-instrumentation-java',
      'opentelemetry-auto-instrumentation-nodejs',
      'opentelemetry-auto-instrumentation-php',
      'opentelemetry-auto-instrumentation-python',
      'opentelemetry-auto-instrumentation-ruby',
      'otel-agent-attach-apache',
      'otel-agent-attach-nginx',
      'otel-agent-source-container-clone',
    ],
  },
  {
    name: 'Dynatrace',
    source: 'Dynatrace/dynatrace-operator test/dynakube',
    containers: ['install-oneagent'],
  },
  {
    name: 'AKS application monitoring',
    source: 'microsoft/Docker-Provider appmonitoring/ts/src/Mutations.ts',
    containers: [
      'azure-monitor-auto-instrumentation-dotnet',
      'azure-monitor-auto-instrumentation-java',
      'azure-monitor-auto-instrumentation-nodejs',
      'azure-monitor-auto-instrumentation-python',
    ],
  },
  {
    name: 'GKE Cloud Storage FUSE',
    source: 'GoogleCloudPlatform/gcs-fuse-csi-driver pkg/webhook/sidecar_spec.go',
    containers: ['gke-gcsfuse-sidecar', 'gke-gcsfuse-metadata-prefetch'],
  },
]

const byContainer = new Map(
  injectors.flatMap((injector) => injector.containers.map((name) => [name, injector] as const)),
)

/** The injector that adds a container of this name, if there is one. */
export const injectorOf = (container: string): Injector | undefined => byContainer.get(container)
