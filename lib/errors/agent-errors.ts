import { type ErrorFacts, misconfigured, permanent, retryable } from './error-facts.ts'

/** What can go wrong in the agent before and after a fetch. Secret sync reads identities and values with the same code. */
export const agentErrors = {
  AKV_CONFIG_INVALID: {
    ...misconfigured,
    means: "The agent's configuration is missing or invalid.",
    remedy:
      'Correct what the message names. In a pod, AKV_INJECTOR_CONFIG is set by the webhook; do not edit it. Recreate the pod.',
  },
  AKV_CONFIG_NEWER: {
    ...misconfigured,
    means: "The webhook wrote a configuration that this older agent can't read.",
    remedy:
      "Set the webhook's AKV_INJECTOR_AGENT_IMAGE to the image of the webhook's own version, then recreate the pod.",
  },
  AKV_IDENTITY_MISSING: {
    ...misconfigured,
    means: 'No client ID or no tenant ID is configured.',
    remedy:
      'Set the annotations akv-injector.io/client-id and akv-injector.io/tenant-id. Or annotate the service account with azure.workload.identity/client-id and label the pod azure.workload.identity/use: "true" (Secret sync needs no label). The administrator can set a default tenant with AKV_INJECTOR_DEFAULT_TENANT_ID.',
  },
  AKV_TOKEN_FILE: {
    ...permanent,
    means:
      'The file with the service account token is missing or unreadable, or does not contain a token.',
    remedy:
      'Recreate the pod. If that does not help, find out what changed the volume akv-injector-identity. With akv-injector fetch, pass another --federated-token-file.',
  },
  AKV_CERTIFICATE_ROTATING: {
    ...retryable,
    means:
      'A certificate and its key are requested separately, and each try got different versions of the two.',
    remedy:
      'Wait until the vault has completed the new version. Or request both with tls/, which reads them in one answer, so they always match.',
  },
  AKV_PROPERTY_ABSENT: {
    ...permanent,
    means: 'The JSON value has no such property, or the property is null.',
    remedy: 'Correct the path after "#", or the value, or mark the reference optional with "?".',
  },
  AKV_PROPERTY: {
    ...permanent,
    means:
      "The value is not valid JSON, or one of its property names can't be used as a file name or Secret key.",
    remedy: 'Correct the value, or remove the property from the reference.',
  },
  AKV_ENCODING: {
    ...permanent,
    means: "The value can't be decoded: it is not valid base64 or hex.",
    remedy: 'Correct the value, or remove "|base64" (objectEncoding) from the reference.',
  },
  AKV_CERTIFICATE: {
    ...permanent,
    means: "The certificate in the vault can't be read, or its parts do not belong together.",
    remedy:
      'Check that the reference names a certificate, not a plain secret. Otherwise import the certificate and its key again, as PKCS#12 or PEM without a password.',
  },
  AKV_KEY_STORE_PASSWORD: {
    ...permanent,
    means: 'The text of the secret after "^" can\'t be the password of a key store.',
    remedy:
      'Give the secret a value that the message accepts: one line of 1 to 1,023 bytes without control characters. Or remove "^" and what follows it, for an empty password.',
  },
  AKV_KEY_NOT_EXPORTABLE: {
    ...permanent,
    means: "The vault does not release the certificate's private key.",
    remedy:
      'Set "exportable": true under "key_props" in the policy of the certificate and create a new version, or request only the certificate with cert/.',
  },
  AKV_KEY_TYPE: {
    ...permanent,
    means: "The key's type or curve has no public key that can be written as PEM.",
    remedy: 'Request a key of type RSA or EC.',
  },
  AKV_ENV_VALUE: {
    ...permanent,
    means:
      "The value can't be an environment variable: it is empty or too long, or contains ', CR or NUL, or is not valid UTF-8.",
    remedy:
      'Deliver this object as a file (annotation akv-injector.io/secrets), or change its value.',
  },
  AKV_FILE_IN_THE_WAY: {
    ...permanent,
    means: 'A file that the agent did not create has the name of a file to write.',
    remedy:
      'Remove it, or give the object another path. The agent never overwrites files of others.',
  },
  AKV_VOLUME_FULL: {
    ...permanent,
    means:
      'The volume ran out of space while files were written. The previous files are unchanged.',
    remedy:
      'Request fewer objects, or ask the administrator to raise AKV_INJECTOR_VOLUME_SIZE_LIMIT (agent.volumeSizeLimit of the chart).',
  },
  AKV_SET_TOO_LARGE: {
    ...permanent,
    means:
      'The files need more than 45 % of the volume. Old and new files exist side by side while they are switched.',
    remedy:
      'Request fewer objects, or ask the administrator to raise AKV_INJECTOR_VOLUME_SIZE_LIMIT (agent.volumeSizeLimit of the chart).',
  },
  AKV_WRITE_FAILED: {
    ...permanent,
    means: 'The files could not be written. The previous files are unchanged.',
    remedy: "Check that the agent's volume is mounted writable, and which user the agent runs as.",
  },
  AKV_NOTIFY_FAILED: {
    ...permanent,
    isWarning: true,
    means:
      'The files have changed, but the application has not accepted the notification yet. The agent tries again after each refresh.',
    remedy:
      'Check that the application listens on the port in akv-injector.io/notify and answers a POST with 2xx.',
  },
} as const satisfies Record<string, ErrorFacts>
