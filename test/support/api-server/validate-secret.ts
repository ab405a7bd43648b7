import { isDeepStrictEqual } from 'node:util'
import { type ApiAnswer, invalidFields } from './api-answer.ts'
import type { Secret } from './api-object.ts'

/** Checks a Secret as the API server does: size, keys and content of its type, and changes of an immutable one. */
export function validateSecret(secret: Secret, before?: Secret): ApiAnswer | undefined {
  const { type, data = {} } = secret
  const sizeBytes = Object.values(data).reduce((sum, text) => sum + (text.length * 3) / 4, 0)
  if (sizeBytes > 1024 * 1024)
    return invalidFields([{ reason: 'FieldValueTooLong', field: 'data' }])
  if (before && before.type !== type)
    return invalidFields([{ reason: 'FieldValueInvalid', field: 'type' }])
  if (before?.immutable && !isDeepStrictEqual(before.data ?? {}, data))
    return invalidFields([{ reason: 'FieldValueForbidden', field: 'data' }])
  const required = type === 'kubernetes.io/tls' ? ['tls.crt', 'tls.key'] : []
  const missing = required.filter((key) => !Object.hasOwn(data, key))
  if (missing.length > 0)
    return invalidFields(
      missing.map((key) => ({ reason: 'FieldValueRequired', field: `data[${key}]` })),
    )
  return type === 'kubernetes.io/dockerconfigjson' ? validateDockerConfig(data) : undefined
}

function validateDockerConfig(data: Readonly<Record<string, string>>): ApiAnswer | undefined {
  const text = Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').toString()
  try {
    JSON.parse(text)
    return undefined
  } catch {
    // The real message quotes the value, too, which is why sync must never repeat it.
    const message = `Invalid value: "${text}"`
    return invalidFields([
      { reason: 'FieldValueInvalid', field: 'data[.dockerconfigjson]', message },
    ])
  }
}
