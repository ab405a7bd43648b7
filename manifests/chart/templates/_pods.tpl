{{/*
A component, as the templates below take it: a dict of root, name, and values, the component's own part of the values. A
value is missing if an older chart's values are reused.
*/}}

{{/* The metadata of a component's pods. */}}
{{- define "akv-injector.podMetadata" -}}
labels:
  {{- include "akv-injector.labels" (list .root .name .values.podLabels) | nindent 2 }}
{{- $own := dict }}
{{- if and .root.Values.cloud.ca (ne .name "certs") }}
{{- /* A process reads the CA file only when it starts, so a new CA must replace the pods. */}}
{{- $own = dict "akv-injector-cloud-ca/sha256" (sha256sum .root.Values.cloud.ca) }}
{{- end }}
{{- if and .root.Values.defaults (eq .name "sync") }}
{{- /* The webhook reads changed defaults again, and the sync controller doesn't. */}}
{{- $_ := set $own "akv-injector-defaults/sha256" (toJson .root.Values.defaults | sha256sum) }}
{{- end }}
{{- with mergeOverwrite dict (.root.Values.commonAnnotations | default dict) (.values.podAnnotations | default dict) $own }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Fields of the pods of all components: pull Secrets, and where and how the pods run. */}}
{{- define "akv-injector.podSpec" -}}
enableServiceLinks: false
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- if .values.hostNetwork }}
hostNetwork: true
{{- end }}
{{- with .values.dnsPolicy | default (.values.hostNetwork | default false | ternary "ClusterFirstWithHostNet" "") }}
dnsPolicy: {{ . }}
{{- end }}
securityContext:
  {{- include "akv-injector.podSecurityContext" . | nindent 2 }}
{{- with include "akv-injector.pullSecrets" .root | fromJsonArray }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with mergeOverwrite dict (.root.Values.nodeSelector | default dict) (.values.nodeSelector | default dict) }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with concat (.root.Values.tolerations | default list) (.values.tolerations | default list) | uniq }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity | default .root.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The names of all pull Secrets as JSON. An entry is a name, or an object with a name. */}}
{{- define "akv-injector.pullSecrets" -}}
{{- $names := list -}}
{{- $global := (.Values.global | default dict).imagePullSecrets | default list -}}
{{- range concat (.Values.imagePullSecrets | default list) (.Values.image.pullSecrets | default list) $global -}}
{{- $names = append $names (kindIs "map" . | ternary (get (kindIs "map" . | ternary . dict) "name") .) -}}
{{- end -}}
{{- $names | uniq | toJson -}}
{{- end -}}

{{/* The image of a component's container. */}}
{{- define "akv-injector.containerImage" -}}
image: {{ include "akv-injector.image" . }}
{{- with .Values.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
{{- end -}}

{{/* Both probes of a component's container. */}}
{{- define "akv-injector.probes" -}}
{{- range $probe, $path := dict "livenessProbe" "/healthz" "readinessProbe" "/readyz" }}
{{ $probe }}:
  httpGet:
    path: {{ $path }}
    port: health
  {{- with index $.values $probe }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The proxy to Entra and the vaults, for the sync controller. extraEnv and sync.env may replace it. */}}
{{- define "akv-injector.proxyEnv" -}}
{{- $proxy := .root.Values.proxy | default dict }}
{{- $names := keys (.values.env | default dict) }}
{{- range .values.extraEnv }}
{{- $names = append $names .name }}
{{- end }}
{{- range $name, $value := dict "HTTPS_PROXY" $proxy.httpsProxy "NO_PROXY" $proxy.noProxy }}
{{- if and $value (not (has $name $names)) }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end -}}
