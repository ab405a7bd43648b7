/** Puts a button beside each code block. Without JavaScript, there are none. */
export function addCopyButtons(): void {
  const status = document.getElementById('site-status')
  for (const block of document.querySelectorAll<HTMLElement>('.code')) {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = 'Copy'
    button.addEventListener('click', () => void copy(block, button, status))
    block.append(button)
  }
}

async function copy(block: HTMLElement, button: HTMLElement, status: HTMLElement | null) {
  const code = block.querySelector('code')
  if (code === null) return
  const isCopied = await write(code)
  button.textContent = isCopied ? 'Copied' : 'Press Ctrl+C'
  if (status !== null)
    status.textContent = isCopied ? 'Copied' : 'The code is selected; press Ctrl+C'
  button.addEventListener('blur', () => reset(button, status), { once: true })
}

function reset(button: HTMLElement, status: HTMLElement | null): void {
  button.textContent = 'Copy'
  if (status !== null) status.textContent = ''
}

/** Over plain HTTP, browsers have no clipboard, so the code is selected for the reader to copy. */
async function write(code: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(code.textContent.trimEnd())
    return true
  } catch {
    getSelection()?.selectAllChildren(code)
    return false
  }
}
