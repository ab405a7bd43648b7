import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import { syntaxHighlighting } from '@codemirror/language'
import { EditorState } from '@codemirror/state'
import { drawSelection, EditorView, keymap, lineNumbers } from '@codemirror/view'
import { classHighlighter } from '@lezer/highlight'
import { findingMarks, type ListedFinding, setFindings } from './finding-marks.ts'

/** The editor's own colours. In a shadow root, CodeMirror writes them as constructed style sheets, which the policy allows. */
const theme = EditorView.theme({
  '&': { height: '100%', color: 'var(--text)', backgroundColor: 'var(--field)' },
  '&.cm-focused': { outline: '2px solid var(--accent)' },
  '.cm-scroller': { fontFamily: 'var(--mono)', fontSize: '0.875rem', lineHeight: '1.5' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground':
    { background: 'var(--selection)' },
  '.cm-gutters': { color: 'var(--muted)', backgroundColor: 'var(--page)', border: 'none' },
  '.tok-propertyName, .tok-definition': { color: 'var(--key)' },
  '.tok-string, .tok-string2': { color: 'var(--string)' },
  '.tok-comment': { color: 'var(--muted)' },
  '.tok-keyword, .tok-meta, .tok-labelName, .tok-typeName': { color: 'var(--meta)' },
  '.finding-line.is-problem': { backgroundColor: 'var(--problem-page)' },
  '.finding-line.is-warning': { backgroundColor: 'var(--warning-page)' },
  '.finding': {
    padding: '0 0.5rem',
    borderLeft: '4px solid',
    fontFamily: 'var(--sans)',
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
  },
  '.finding.is-problem': { color: 'var(--problem)', backgroundColor: 'var(--problem-page)' },
  '.finding.is-warning': { color: 'var(--warning)', backgroundColor: 'var(--warning-page)' },
})

export interface Editor {
  text(): string
  /** Replaces the whole text. */
  setText(text: string): void
  show(findings: readonly ListedFinding[]): void
  /** Moves the cursor to a line. */
  goTo(line: number): void
}

/** Puts an editor for YAML into an element. The Tab key leaves it, as it leaves other fields. */
export function createEditor(host: HTMLElement, onChange: () => void): Editor {
  const root = host.attachShadow({ mode: 'open' })
  const parent = document.createElement('div')
  parent.className = 'editor-root'
  root.append(parent)
  const sheet = new CSSStyleSheet()
  sheet.replaceSync('.editor-root { height: 100% }')
  root.adoptedStyleSheets = [sheet]
  const extensions = [
    lineNumbers(),
    history(),
    drawSelection(),
    EditorView.lineWrapping,
    keymap.of([...defaultKeymap, ...historyKeymap]),
    yaml(),
    syntaxHighlighting(classHighlighter),
    findingMarks,
    theme,
    EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': 'Manifests, as YAML or JSON' }),
    EditorView.updateListener.of(({ docChanged }) => {
      if (docChanged) onChange()
    }),
  ]
  const view = new EditorView({ state: EditorState.create({ extensions }), parent, root })
  return {
    text: () => view.state.sliceDoc(),
    setText: (text) => view.setState(EditorState.create({ doc: text, extensions })),
    show: (findings) => view.dispatch({ effects: setFindings.of(findings) }),
    goTo: (line) => {
      const { from } = view.state.doc.line(Math.min(line, view.state.doc.lines))
      view.dispatch({ selection: { anchor: from }, scrollIntoView: true })
      view.focus()
    },
  }
}
