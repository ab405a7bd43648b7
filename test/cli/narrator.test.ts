import { PassThrough } from 'node:stream'
import t from 'tap'
import { createNarrator } from '../../cli/demo/narrator.ts'

/** A stream that says of itself what a terminal says. */
function record(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), {
    isTTY,
    getColorDepth: () => 8,
    hasColors: () => true,
  })
  const narrator = createNarrator(stream as unknown as NodeJS.WriteStream)
  return { narrator, text: () => String(stream.read() ?? '').replaceAll('\u001b', 'ESC') }
}

t.test('a pipe gets plain lines, and nothing of what is waited for', async (t) => {
  const { narrator, text } = record(false)
  narrator.step('One')
  narrator.waiting('for something')
  narrator.quote('a\nb')
  narrator.good('done')
  t.equal(text(), '\n1. One\n   | a\n   | b\n   done\n')
})

t.test('a terminal sees what is waited for, until the next line', async (t) => {
  const { narrator, text } = record(true)
  narrator.waiting('for something')
  t.match(text(), /^ {3}.*for something …/)
  narrator.waiting('for something else')
  narrator.line('done')
  t.match(text(), /^\rESC\[2K.*for something else ….*\rESC\[2K {3}done\n$/)
  narrator.line('more')
  t.equal(text(), '   more\n')
})
