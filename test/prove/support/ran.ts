import type { Ran } from '../../../prove/tools/tools.ts'

export const ran = (stdout = '', code: number | undefined = 0, stderr = ''): Ran => ({
  code,
  stdout,
  stderr,
})
