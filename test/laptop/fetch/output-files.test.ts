import t from 'tap'
import { outputFiles } from '../../../laptop/fetch/output-files.ts'
import { delivered } from '../../init-agent/harness/volume.ts'

const paths = (files: Record<string, string>, volumes?: readonly string[]) =>
  [
    ...outputFiles(
      { files: delivered(files) },
      {
        ...(volumes && { volumes: volumes.map((name) => ({ name, class: name })) }),
      },
    ).keys(),
  ].sort()

t.test('the files of an annotated pod are at the top of the folder', async (t) => {
  t.strictSame(paths({ a: '1', 'b/c': '2' }), ['a', 'b/c'])
})

t.test('each volume of a served pod is a folder, so that equal paths don’t meet', async (t) => {
  t.strictSame(paths({ 'shop/a': '1', '/shop/a': '2', '/partner/a/b': '3' }, ['shop', 'partner']), [
    'akv-injector-files/shop/a',
    'partner/a/b',
    'shop/a',
  ])
})
