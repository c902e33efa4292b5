import { element, setText } from '../../shared/element.ts'
import { text } from '../../shared/text/en.ts'
import type { View } from '../../shared/view.ts'
import type { LiveFrame } from '../store/live-frame.ts'

/** Nobody can read a sentence whose numbers change five times a second. */
const EVERY_MS = 1_000

export function createInsightLine(): View<LiveFrame> {
  const lines = [element('p'), element('p')]
  const root = element('section', { class: 'insight' }, ...lines)
  let drawnAt = Number.NEGATIVE_INFINITY

  return { root, update }

  function update({ findings, monotonicMs }: LiveFrame): void {
    if (monotonicMs - drawnAt < EVERY_MS) return
    drawnAt = monotonicMs
    for (const [index, line] of lines.entries()) {
      const finding = findings[index]
      setText(line, finding === undefined ? '' : text.finding(finding))
      line.hidden = finding === undefined
    }
  }
}
