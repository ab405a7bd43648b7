{{/*
The webhook never sees pods of its own namespace. People use "default", so an install that names no namespace gets a
namespace of its own.
*/}}
{{- define "akv-injector.namespace" -}}
{{- .Values.namespaceOverride | default (eq .Release.Namespace "default" | ternary "akv-injector" .Release.Namespace) -}}
{{- end -}}

{{/* Whether the chart creates its namespace. One that namespaceOverride names must exist. */}}
{{- define "akv-injector.createsNamespace" -}}
{{- if and (not .Values.namespaceOverride) (eq .Release.Namespace "default") -}}true{{- end -}}
{{- end -}}

{{/*
image.registry, or global.imageRegistry, which an umbrella chart sets for all its charts, replaces the registry in
image.repository. As in container engines, the first part of a name is a registry if it contains a dot or a port.
*/}}
{{- define "akv-injector.repository" -}}
{{- $parts := splitList "/" .Values.image.repository -}}
{{- with (.Values.global | default dict).imageRegistry | default .Values.image.registry -}}
{{- if or (regexMatch "[.:]" (first $parts)) (eq (first $parts) "localhost") -}}
{{- $parts = rest $parts -}}
{{- end -}}
{{- $parts = prepend $parts (trimSuffix "/" .) -}}
{{- end -}}
{{- join "/" $parts -}}
{{- end -}}

{{- define "akv-injector.image" -}}
{{- include "akv-injector.repository" . -}}
{{- with .Values.image -}}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end -}}

{{/*
The policies as JSON, with their defaults. "helm upgrade --reuse-values" passes the values of an earlier chart, which did
not have them yet.
*/}}
{{- define "akv-injector.policies" -}}
{{- .Values.policies | default dict | mergeOverwrite (dict "ephemeralContainers" true "uninjectedPods" "warn" "unsyncedAccounts" true "idleRollouts" true) | toJson -}}
{{- end -}}

{{/* The values of csi as JSON, with their defaults, for the same reason. */}}
{{- define "akv-injector.csi" -}}
{{- .Values.csi | default dict | mergeOverwrite (dict "namespaces" "none" "refresh" "0" "crd" true) | toJson -}}
{{- end -}}

{{/* The values of webhook.clientCertificates as JSON, with their defaults, for the same reason. */}}
{{- define "akv-injector.clientCertificates" -}}
{{- .Values.webhook.clientCertificates | default dict | mergeOverwrite (dict "configMapName" "" "secretName" "" "names" list) | toJson -}}
{{- end -}}

{{/* The values of metrics as JSON, with their defaults, for the same reason. */}}
{{- define "akv-injector.metrics" -}}
{{- $defaults := dict -}}
{{- range list "podMonitor" "serviceMonitor" "prometheusRule" "dashboard" -}}
{{- $_ := set $defaults . (dict "enabled" false "labels" dict "annotations" dict "interval" "") -}}
{{- end -}}
{{- .Values.metrics | default dict | mergeOverwrite $defaults | toJson -}}
{{- end -}}

{{/* The version of Kubernetes that annotated pods run on, such as 1.35. A patch release changes nothing. */}}
{{- define "akv-injector.kubernetesVersion" -}}
{{- $version := .Values.kubernetesVersion | default .Capabilities.KubeVersion.Version | semver -}}
{{- printf "%d.%d" $version.Major $version.Minor -}}
{{- end -}}

{{/* The oldest version of nodes: EnvFiles need 1.35, and without them native sidecars need 1.33. */}}
{{- define "akv-injector.oldestNode" -}}
{{- semverCompare ">=1.35" (include "akv-injector.kubernetesVersion" .) | ternary "1.35" "1.33" -}}
{{- end -}}

{{/* Lists at most five nodes, each in a line. */}}
{{- define "akv-injector.nodeLines" -}}
{{- range slice . 0 (min 5 (len .)) }}
  {{ . }}
{{- end }}
{{- with sub (len .) 5 | max 0 }}
  and {{ . }} more
{{- end }}
{{- end -}}

{{/* A warning for each known fault of a kubelet with the agent of a pod. Takes the context and the nodes. */}}
{{- define "akv-injector.kubeletFaults" -}}
{{- $nodes := last . -}}
{{- range (first .).Files.Get "files/kubelet-faults.json" | fromJsonArray -}}
{{- $range := printf ">=%s-0 <%s-0" .from .fixedIn -}}
{{- $affected := list -}}
{{- range $nodes -}}
{{- if semverCompare $range .status.nodeInfo.kubeletVersion -}}
{{- $affected = append $affected (printf "%s %s" .metadata.name .status.nodeInfo.kubeletVersion) -}}
{{- end -}}
{{- end -}}
{{- if $affected }}
WARNING: the kubelets of these nodes have a fault that {{ .fixedIn }} fixes ({{ .reference }}): {{ .consequence }}:
{{- include "akv-injector.nodeLines" $affected }}
{{ end -}}
{{- end -}}
{{- end -}}

{{/* The ports of the webhook, in the pod. */}}
{{- define "akv-injector.securePort" -}}
{{- .Values.webhook.securePort | default 8443 | int -}}
{{- end -}}
{{- define "akv-injector.healthPort" -}}
{{- .Values.webhook.healthPort | default 8080 | int -}}
{{- end -}}

{{/* The names of the namespaces whose pods the webhook never sees, as JSON. */}}
{{- define "akv-injector.excludedNamespaces" -}}
{{- $builtIn := list (include "akv-injector.namespace" .) "kube-system" "kube-node-lease" "kube-public" "gatekeeper-system" -}}
{{- concat $builtIn .Values.webhook.excludedNamespaces | toJson -}}
{{- end -}}

{{/*
The labels by which Deployments, the Service and others find pods. A Deployment's selector can't be changed, so no label
may be added here. Call with (list $ "component").
*/}}
{{- define "akv-injector.selector" -}}
app.kubernetes.io/name: {{ (index . 0).Values.nameOverride | default "akv-injector" }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* All labels of an object or a pod. Call with (list $ "component"), or with more labels as a third element. */}}
{{- define "akv-injector.labels" -}}
{{- $root := index . 0 -}}
{{- $own := include "akv-injector.selector" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/instance" $root.Release.Name -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $_ := set $own "app.kubernetes.io/version" $root.Chart.AppVersion -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_") -}}
{{- $more := gt (len .) 2 | ternary (last .) dict | default dict -}}
{{- mergeOverwrite dict ($root.Values.commonLabels | default dict) $more $own | toYaml -}}
{{- end -}}

{{/*
Labels and annotations of an object. Call with (list $ "component"), or with the object's own annotations as a third
element.
*/}}
{{- define "akv-injector.labelsAndAnnotations" -}}
labels:
  {{- include "akv-injector.labels" (list (index . 0) (index . 1)) | nindent 2 }}
{{- $own := gt (len .) 2 | ternary (last .) dict | default dict }}
{{- with mergeOverwrite dict ((index . 0).Values.commonAnnotations | default dict) $own }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Name, namespace, labels and annotations of a namespaced object. */}}
{{- define "akv-injector.metadata" -}}
name: akv-injector-{{ index . 1 }}
namespace: {{ include "akv-injector.namespace" (index . 0) }}
{{ include "akv-injector.labelsAndAnnotations" . }}
{{- end -}}

{{/* The same of an object with its own values for labels and annotations. Call with (list $ "component" values). */}}
{{- define "akv-injector.labelledMetadata" -}}
name: akv-injector-{{ index . 1 }}
namespace: {{ include "akv-injector.namespace" (index . 0) }}
labels:
  {{- include "akv-injector.labels" (list (index . 0) (index . 1) (index . 2).labels) | nindent 2 }}
{{- with mergeOverwrite dict ((index . 0).Values.commonAnnotations | default dict) ((index . 2).annotations | default dict) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "akv-injector.clusterMetadata" -}}
name: akv-injector-{{ index . 1 }}
{{ include "akv-injector.labelsAndAnnotations" . }}
{{- end -}}

{{/* The Secret of the serving certificate. Each mode has its own, so that no mode deletes or overwrites the Secret of another. */}}
{{- define "akv-injector.tlsSecret" -}}
{{- if eq .Values.certs.mode "files" -}}
{{ required "certs.files.secretName is required with certs.mode=files: the Secret with tls.crt and tls.key" .Values.certs.files.secretName }}
{{- else if eq .Values.certs.mode "cert-manager" -}}
akv-injector-webhook-cert-manager
{{- else -}}
akv-injector-webhook-tls
{{- end -}}
{{- end -}}

{{/* Resources in the form that the webhook reads: cpu=10m,memory=16Mi. */}}
{{- define "akv-injector.amounts" -}}
{{- $amounts := list -}}
{{- range $resource, $amount := . -}}
{{- /* null removes a default. */ -}}
{{- if not (kindIs "invalid" $amount) -}}
{{- $amounts = append $amounts (printf "%s=%v" $resource $amount) -}}
{{- end -}}
{{- end -}}
{{- join "," $amounts -}}
{{- end -}}

{{/* Allowed vaults in the form that the webhook reads: shop=shop-prod+shared;*=shared. */}}
{{- define "akv-injector.allowedVaults" -}}
{{- $entries := list -}}
{{- range $namespace, $vaults := . -}}
{{- $entries = append $entries (printf "%s=%s" $namespace (join "+" $vaults)) -}}
{{- end -}}
{{- join ";" $entries -}}
{{- end -}}

{{/* The settings for vaults and Entra. The webhook passes them on to agents; the sync controller uses them itself. */}}
{{- define "akv-injector.fetchEnv" -}}
{{- with .Values.defaultVault }}
- name: AKV_INJECTOR_DEFAULT_VAULT
  value: {{ . | quote }}
{{- end }}
{{- with .Values.tenantId }}
- name: AKV_INJECTOR_DEFAULT_TENANT_ID
  value: {{ . | quote }}
{{- end }}
{{- with .Values.allowedVaults }}
- name: AKV_INJECTOR_ALLOWED_VAULTS
  value: {{ include "akv-injector.allowedVaults" . | quote }}
{{- end }}
{{- if .Values.defaults }}
- name: AKV_INJECTOR_DEFAULTS_FILE
  value: /etc/akv-injector/defaults/defaults.yaml
{{- end }}
- name: AKV_INJECTOR_CLOUD
  value: {{ .Values.cloud.name }}
{{- with .Values.cloud.authorityHost }}
- name: AKV_INJECTOR_AUTHORITY_HOST
  value: {{ . | quote }}
{{- end }}
{{- with .Values.cloud.vaultUrl }}
- name: AKV_INJECTOR_VAULT_URL
  value: {{ . | quote }}
{{- end }}
{{- with .Values.cloud.vaultAudience }}
- name: AKV_INJECTOR_VAULT_AUDIENCE
  value: {{ . | quote }}
{{- end }}
{{- if .Values.cloud.ca }}
- name: AKV_INJECTOR_CA_FILE
  value: /etc/akv-injector/cloud/ca.crt
{{- end }}
{{- with .Values.identityBinding }}
{{- if .enabled }}
- name: AKV_INJECTOR_IDENTITY_BINDING
  value: "true"
{{- with .serverName }}
- name: AKV_INJECTOR_IDENTITY_BINDING_SERVER_NAME
  value: {{ . | quote }}
{{- end }}
{{- with .tokenProxy }}
- name: AKV_INJECTOR_IDENTITY_BINDING_TOKEN_PROXY
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The mounts of what fetchEnv names. */}}
{{- define "akv-injector.fetchMounts" -}}
{{- if .Values.cloud.ca }}
- name: cloud
  mountPath: /etc/akv-injector/cloud
  readOnly: true
{{- end }}
{{- if .Values.defaults }}
- name: defaults
  mountPath: /etc/akv-injector/defaults
  readOnly: true
{{- end }}
{{- if .Values.identityBinding.enabled }}
- name: identity-binding
  mountPath: /etc/akv-injector/identity-binding
  readOnly: true
{{- end }}
{{- end -}}

{{/* The volumes of these mounts. */}}
{{- define "akv-injector.fetchVolumes" -}}
{{- if .Values.cloud.ca }}
- name: cloud
  configMap:
    name: akv-injector-webhook
{{- end }}
{{- if .Values.defaults }}
- name: defaults
  configMap:
    name: akv-injector-defaults
{{- end }}
{{- if .Values.identityBinding.enabled }}
- name: identity-binding
  configMap:
    name: {{ .Values.identityBinding.caConfigMap | default "kube-root-ca.crt" | quote }}
    items:
      - key: ca.crt
        path: ca.crt
{{- end }}
{{- end -}}

{{/* Which namespaces sync.namespaces names. null removes a namespace that another values file names. */}}
{{- define "akv-injector.syncNamespaces" -}}
{{- $names := list -}}
{{- range $namespace, $settings := .Values.sync.namespaces -}}
{{- if $settings -}}{{- $names = append $names $namespace -}}{{- end -}}
{{- end -}}
{{- sortAlpha $names | toJson -}}
{{- end -}}

{{/* Whether sync.namespaces lists an account. Earlier charts had no sync.enabled, so that alone turns sync on. */}}
{{- define "akv-injector.listsAccounts" -}}
{{- range $settings := .Values.sync.namespaces -}}
{{- if ($settings | default dict).serviceAccounts -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether Secret sync is on. */}}
{{- define "akv-injector.syncEnabled" -}}
{{- if or .Values.sync.enabled (include "akv-injector.listsAccounts" .) -}}true{{- end -}}
{{- end -}}

{{/* The values of sync.rollouts as JSON, with their defaults, for the same reason as the policies above. */}}
{{- define "akv-injector.rollouts" -}}
{{- .Values.sync.rollouts | default dict | mergeOverwrite (dict "enabled" false "interval" "5m" "concurrent" 5 "minInterval" "10m" "maxPerDay" 6) | toJson -}}
{{- end -}}

{{/* The command that prints what enables Secret sync for the accounts of manifests. */}}
{{- define "akv-injector.rbacCommand" -}}
akv-injector rbac
{{- if ne (include "akv-injector.namespace" .) "akv-injector" }} --controller-namespace {{ include "akv-injector.namespace" . }}{{ end }}
{{- if ne (include "akv-injector.syncWatch" .) "cluster" }} --watch namespaces{{ if .Values.sync.classes }} --classes{{ end }}{{ if .Values.sync.externalSecrets }} --external-secrets{{ end }}{{ end }} FILE
{{- end -}}

{{/* How the sync controller reads the kinds of namespaces. Values of an earlier chart have no sync.watch. */}}
{{- define "akv-injector.syncWatch" -}}
{{- .Values.sync.watch | default "cluster" -}}
{{- end -}}

{{/*
Names, labels or annotations that other controllers trust, as a list in CEL. An entry NAME* has the prefix NAME, and an entry
KEY=VALUE has the key and the value.
*/}}
{{- define "akv-injector.trustedEntries" -}}
{{- $entries := list -}}
{{- range $entry := keys . | sortAlpha -}}
{{- $parts := splitList "=" $entry -}}
{{- $one := dict "entry" $entry "key" (first $parts) -}}
{{- if rest $parts -}}{{- $_ := set $one "value" (last $parts) -}}{{- end -}}
{{- if hasSuffix "*" $entry -}}{{- $_ := set $one "prefix" (trimSuffix "*" $entry) -}}{{- end -}}
{{- $entries = append $entries $one -}}
{{- end -}}
{{- toJson $entries -}}
{{- end -}}

{{/*
What the Secrets of each namespace may have although other controllers trust it, as JSON: {"argocd": ["owner=helm"]}.
*/}}
{{- define "akv-injector.allowedMetadata" -}}
{{- $allowed := dict -}}
{{- range $namespace := include "akv-injector.syncNamespaces" . | fromJsonArray -}}
{{- with (index $.Values.sync.namespaces $namespace).allowedMetadata -}}
{{- $_ := set $allowed $namespace (. | uniq | sortAlpha) -}}
{{- end -}}
{{- end -}}
{{- toJson $allowed -}}
{{- end -}}

{{/* What Pod Security "restricted" requires of a pod. */}}
{{- define "akv-injector.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* What Pod Security "restricted" requires of a container. */}}
{{- define "akv-injector.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: ["ALL"]
{{- end -}}

{{/* The egress rule of a NetworkPolicy to the API server, whose address a policy can't know. */}}
{{- define "akv-injector.apiServerEgress" -}}
# The API server, whose address a policy can't know, and DNS, in case the API server is addressed by name.
- ports:
    {{- range .Values.networkPolicy.apiServerPorts }}
    - port: {{ . }}
    {{- end }}
    - port: 53
    - port: 53
      protocol: UDP
{{- end -}}

{{/* The ingress rule of a NetworkPolicy for probes and scrapers. A node can always connect to the pods that it runs. Call with (list $ port). */}}
{{- define "akv-injector.healthIngress" -}}
# Probes and metrics.
- ports:
    - port: {{ index . 1 }}
  {{- with (index . 0).Values.networkPolicy.metricsFrom }}
  from:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- /*
"true" if the cluster has no such object, or this release has installed it. Takes the context, the apiVersion, the kind and the name
of an object without a namespace.
*/ -}}
{{- define "akv-injector.installs" -}}
{{- $context := first . -}}
{{- $existing := lookup (index . 1) (index . 2) "" (last .) | default dict -}}
{{- $owner := dig "metadata" "annotations" "meta.helm.sh/release-name" "" $existing -}}
{{- $ownerNamespace := dig "metadata" "annotations" "meta.helm.sh/release-namespace" "" $existing -}}
{{- if or (not $existing) (and (eq $owner $context.Release.Name) (eq $ownerNamespace $context.Release.Namespace)) -}}
true
{{- end -}}
{{- end -}}
