import { element, setText } from '../../shared/element.ts'
import { text } from '../../shared/text/en.ts'

/** The second step before everybody is cut: a dialog, which mouse, keyboard and touch know how to answer. */
export interface ConfirmCut {
  readonly root: HTMLDialogElement
  ask(connections: number): void
  /** The question has become idle: there is nobody to ask any more. */
  withdraw(): void
}

export function createConfirmCut(cut: () => void): ConfirmCut {
  const question = element('p', { id: 'confirm-cut' })
  // First, so that it has the focus: a key pressed twice cuts nobody.
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

  return { root, ask, withdraw: () => root.close() }

  function ask(connections: number): void {
    setText(question, text.controls.confirmCut.question(connections))
    if (!root.open) root.showModal()
  }
}
