import { PassThrough } from 'node:stream'
import t from 'tap'
import { createDemoOutput } from '../../../laptop/demo/demo-output.ts'

/** A stream that says of itself what a terminal says. */
function record(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), {
    isTTY,
    getColorDepth: () => 8,
    hasColors: () => true,
  })
  const output = createDemoOutput(stream as unknown as NodeJS.WriteStream)
  return { output, text: () => String(stream.read() ?? '').replaceAll('\u001b', 'ESC') }
}

t.test('a pipe gets plain lines, and no progress', async (t) => {
  const { output, text } = record(false)
  output.step('One')
  output.waiting('for something')
  output.quote('a\nb')
  output.good('done')
  t.equal(text(), '\n1. One\n   | a\n   | b\n   done\n')
})

t.test('a terminal shows the progress until the next line', async (t) => {
  const { output, text } = record(true)
  output.waiting('for something')
  t.match(text(), /^ {3}.*for something …/)
  output.waiting('for something else')
  output.line('done')
  t.match(text(), /^\rESC\[2K.*for something else ….*\rESC\[2K {3}done\n$/)
  output.line('more')
  t.equal(text(), '   more\n')
})
