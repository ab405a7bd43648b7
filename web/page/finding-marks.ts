import { type EditorState, type Range, StateEffect, StateField } from '@codemirror/state'
import { Decoration, type DecorationSet, EditorView, WidgetType } from '@codemirror/view'

/** A finding of `check`, as its JSON has it. */
export interface ListedFinding {
  readonly severity: 'problem' | 'warning' | 'note'
  readonly code: string
  readonly message: string
  readonly object?: string
  readonly line?: number
}

export const setFindings = StateEffect.define<readonly ListedFinding[]>()

/** More would make the editor slow, and nobody reads them. */
const maxMarks = 200

/** Colours the lines of the findings, and writes each finding below its line. */
export const findingMarks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, transaction) => {
    const effect = transaction.effects.find((one) => one.is(setFindings))
    return effect === undefined
      ? marks.map(transaction.changes)
      : marksFor(transaction.state, effect.value)
  },
  provide: (field) => EditorView.decorations.from(field),
})

const marksFor = (state: EditorState, findings: readonly ListedFinding[]): DecorationSet =>
  Decoration.set(
    findings
      .filter(({ severity }) => severity !== 'note')
      .slice(0, maxMarks)
      .flatMap((finding) => marksOf(state, finding)),
    true,
  )

function marksOf(
  { doc }: EditorState,
  { severity, message, line: number }: ListedFinding,
): readonly Range<Decoration>[] {
  if (number === undefined || number > doc.lines) return []
  const line = doc.line(number)
  const widget = new Message(severity, message)
  return [
    Decoration.line({ class: `finding-line is-${severity}` }).range(line.from),
    Decoration.widget({ widget, block: true, side: 1 }).range(line.to),
  ]
}

class Message extends WidgetType {
  readonly severity: string
  readonly message: string

  constructor(severity: string, message: string) {
    super()
    this.severity = severity
    this.message = message
  }

  override eq({ severity, message }: Message): boolean {
    return severity === this.severity && message === this.message
  }

  override toDOM(): HTMLElement {
    const element = document.createElement('div')
    element.className = `finding is-${this.severity}`
    element.textContent = `${this.severity}: ${this.message}`
    return element
  }
}
