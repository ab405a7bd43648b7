import { InputError } from '../../../command/input-error.ts'
import { printable } from '../../../lib/printable.ts'
import { isFile } from '../text/is-file.ts'

/**
 * Checks that the values of `--values` are files, because Helm would download a URL.
 *
 * @throws InputError if one of them isn't a file, or if nothing is to be rendered
 */
export function checkValues(files: readonly string[], renders: boolean): void {
  if (!renders)
    throw new InputError(
      '--values and --no-render: values are for charts that are rendered; leave out one of them',
    )
  for (const file of files)
    if (!isFile(file)) throw new InputError(`--values ${printable(file, 200)}: no such file`)
}
