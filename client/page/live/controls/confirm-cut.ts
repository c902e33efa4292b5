import { element, setText } from '../../shared/element.ts'
import { text } from '../../shared/text/en.ts'

/** The confirmation before other people's connections are cut: a dialog, which works by mouse, keyboard and touch. */
export interface ConfirmCut {
  readonly root: HTMLDialogElement
  open(connections: number): void
  /** The cut is no longer possible. */
  withdraw(): void
}

export function createConfirmCut(cut: () => void): ConfirmCut {
  const question = element('p', { id: 'confirm-cut' })
  // First, so that it has the focus: a key that is pressed twice does not cut.
  const cancel = element('button', { type: 'button', value: 'cancel' }, text.controls.confirmCut.cancel)
  const confirm = element(
    'button',
    { type: 'button', value: 'cut', class: 'danger' },
    text.controls.confirmCut.cut,
  )
  const root = element(
    'dialog',
    { class: 'confirm', 'aria-labelledby': 'confirm-cut' },
    question,
    element('div', { class: 'confirm-buttons' }, cancel, confirm),
  )
  cancel.addEventListener('click', () => root.close())
  confirm.addEventListener('click', () => {
    root.close()
    cut()
  })

  return { root, open, withdraw: () => root.close() }

  function open(connections: number): void {
    setText(question, text.controls.confirmCut.question(connections))
    if (!root.open) root.showModal()
  }
}
