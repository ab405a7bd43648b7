import { parseEnvFile, renderEnvFile } from '../../../init-agent/volume/env-file.ts'

/** The file that the kubelet reads variables from. */
export function fuzz(data: Buffer): void {
  const variables = parseEnvFile(data)
  if (variables !== undefined && renderEnvFile(variables).length > data.length)
    throw new Error('it outgrows the file')
}
