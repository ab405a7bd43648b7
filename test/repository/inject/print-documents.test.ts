import t from 'tap'
import { printDocuments } from '../../../repository/inject/print-documents.ts'

function written(text: string, isTTY: boolean): string {
  let output = ''
  printDocuments({ isTTY, write: (part) => (output += part) }, text)
  return output
}

t.test(
  'a terminal shows manifests and does not act upon them; a pipe gets them as they are',
  async (t) => {
    const text = 'a: 1 # \u001b[2J\u202e\n---\nb: 2\n'
    t.equal(written(text, true), 'a: 1 # \\u{1b}[2J\\u{202e}\n---\nb: 2\n')
    t.equal(written(text, false), text)
    for (const isTTY of [true, false]) t.equal(written('a: ä\n', isTTY), 'a: ä\n')
  },
)
