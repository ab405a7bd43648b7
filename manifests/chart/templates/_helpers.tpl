{{/*
The webhook never looks at pods of its own namespace. People work in "default", so an install that names no namespace
gets one of its own.
*/}}
{{- define "akv-injector.namespace" -}}
{{- eq .Release.Namespace "default" | ternary "akv-injector" .Release.Namespace -}}
{{- end -}}

{{/*
global.imageRegistry, by which an umbrella chart sends all its charts to one registry, replaces the registry of
image.repository. As container engines see it, the first part of a name is a registry if it has a dot or a port.
*/}}
{{- define "akv-injector.repository" -}}
{{- $parts := splitList "/" .Values.image.repository -}}
{{- with (.Values.global | default dict).imageRegistry -}}
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
The policies, with their defaults, in JSON: "helm upgrade --reuse-values" brings the values of an earlier chart, which
had none.
*/}}
{{- define "akv-injector.policies" -}}
{{- .Values.policies | default dict | mergeOverwrite (dict "ephemeralContainers" true "uninjectedPods" "warn" "unsyncedAccounts" true) | toJson -}}
{{- end -}}

{{/* The namespaces that the webhook never sees pods of, by name, in JSON. */}}
{{- define "akv-injector.namespacesLeftAlone" -}}
{{- $builtIn := list (include "akv-injector.namespace" .) "kube-system" "kube-node-lease" "kube-public" "gatekeeper-system" -}}
{{- concat $builtIn .Values.webhook.excludedNamespaces | toJson -}}
{{- end -}}

{{/* Call with (list $ "component"). */}}
{{- define "akv-injector.selector" -}}
app.kubernetes.io/name: akv-injector
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "akv-injector.labels" -}}
{{ include "akv-injector.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
{{- end -}}

{{/* Name, namespace and labels. */}}
{{- define "akv-injector.metadata" -}}
name: akv-injector-{{ index . 1 }}
namespace: {{ include "akv-injector.namespace" (index . 0) }}
labels:
  {{- include "akv-injector.labels" . | nindent 2 }}
{{- end -}}

{{- define "akv-injector.clusterMetadata" -}}
name: akv-injector-{{ index . 1 }}
labels:
  {{- include "akv-injector.labels" . | nindent 2 }}
{{- end -}}

{{/* The Secret of the serving certificate. Each mode has its own: none may delete or overwrite another's. */}}
{{- define "akv-injector.tlsSecret" -}}
{{- if eq .Values.certs.mode "files" -}}
{{ required "certs.files.secretName is required with certs.mode=files: the Secret with tls.crt and tls.key" .Values.certs.files.secretName }}
{{- else if eq .Values.certs.mode "cert-manager" -}}
akv-injector-webhook-cert-manager
{{- else -}}
akv-injector-webhook-tls
{{- end -}}
{{- end -}}

{{/* cpu=10m,memory=96Mi: as the webhook reads it. */}}
{{- define "akv-injector.amounts" -}}
{{- $amounts := list -}}
{{- range $resource, $amount := . -}}
{{- /* Null takes a default away. */ -}}
{{- if not (kindIs "invalid" $amount) -}}
{{- $amounts = append $amounts (printf "%s=%v" $resource $amount) -}}
{{- end -}}
{{- end -}}
{{- join "," $amounts -}}
{{- end -}}

{{/* shop=shop-prod+shared;*=shared: as the webhook reads it. */}}
{{- define "akv-injector.allowedVaults" -}}
{{- $entries := list -}}
{{- range $namespace, $vaults := . -}}
{{- $entries = append $entries (printf "%s=%s" $namespace (join "+" $vaults)) -}}
{{- end -}}
{{- join ";" $entries -}}
{{- end -}}

{{/* The settings that are about vaults and Entra, for the webhook, which hands them on, and for sync. */}}
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
{{- end -}}

{{/*
{"team-a": ["api", "web"]}, in JSON. A namespace without accounts is left out: an empty list of resourceNames would mean
all of them. Null takes a namespace of another file of values away.
*/}}
{{- define "akv-injector.syncNamespaces" -}}
{{- $namespaces := dict -}}
{{- range $namespace, $settings := .Values.sync.namespaces -}}
{{- with ($settings | default dict).serviceAccounts | default list | compact | uniq -}}
{{- $_ := set $namespaces $namespace (sortAlpha .) -}}
{{- end -}}
{{- end -}}
{{- toJson $namespaces -}}
{{- end -}}

{{/* team-a=api+web;team-b=web: as the controller reads it. */}}
{{- define "akv-injector.syncAccounts" -}}
{{- $entries := list -}}
{{- range $namespace, $accounts := include "akv-injector.syncNamespaces" . | fromJson -}}
{{- $entries = append $entries (printf "%s=%s" $namespace (join "+" $accounts)) -}}
{{- end -}}
{{- join ";" $entries -}}
{{- end -}}

{{/* What Pod Security "restricted" asks of a pod. */}}
{{- define "akv-injector.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* And of a container. */}}
{{- define "akv-injector.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: ["ALL"]
{{- end -}}

{{/* Where the pods run. */}}
{{- define "akv-injector.placement" -}}
{{- $pullSecrets := .Values.image.pullSecrets | default list }}
{{- range (.Values.global | default dict).imagePullSecrets }}
{{- $pullSecrets = append $pullSecrets (kindIs "map" . | ternary (get (kindIs "map" . | ternary . dict) "name") .) }}
{{- end }}
{{- with $pullSecrets | uniq }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The ingress rule of a NetworkPolicy that admits probes and scrapers. A node always reaches the pods that it runs. */}}
{{- define "akv-injector.healthIngress" -}}
# Probes and metrics.
- ports:
    - port: 8080
  {{- with .Values.networkPolicy.metricsFrom }}
  from:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
