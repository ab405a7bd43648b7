/**
 * Makes the file that the kubelet reads `fileKeyRef` variables from (EnvFiles, Kubernetes 1.35 and later): an entry
 * `NAME='value'` for each variable. The format has no escapes.
 *
 * @param variables - each must have passed `envValueProblem`
 */
export function renderEnvFile(variables: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts = [...variables].flatMap(([name, value]) => [
    Buffer.from(`${name}='`),
    value,
    Buffer.from(`'\n`),
  ])
  return Buffer.concat(parts)
}

/** Reads what {@link renderEnvFile} wrote. Returns undefined for anything else. */
export function parseEnvFile(
  bytes: Uint8Array | undefined,
): ReadonlyMap<string, Uint8Array> | undefined {
  if (bytes === undefined) return undefined
  // Latin-1 maps each byte to one character, and back.
  const text = Buffer.from(bytes).toString('latin1')
  const entry = /([A-Za-z_][A-Za-z0-9_]*)='([^']*)'\n/y
  const variables = new Map<string, Uint8Array>()
  while (entry.lastIndex < text.length) {
    const match = entry.exec(text)
    if (!match) return undefined
    const [, name = '', value = ''] = match
    variables.set(name, Buffer.from(value, 'latin1'))
  }
  return variables
}
