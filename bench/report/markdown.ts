import type { Cell, Table } from '../../client/run/table.ts'
import { type Block, cellText, figureText, flatten } from './block.ts'

export function renderMarkdown(blocks: readonly Block[]): string {
  return `${blocks
    .map(render)
    .filter(text => text !== '')
    .join('\n\n')}\n`
}

function render(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${escapeMarkdown(block.text)}`
    case 'paragraph':
      return escapeMarkdown(block.text)
    case 'list':
      return block.items.map(item => `- ${escapeMarkdown(item)}`).join('\n')
    case 'table': {
      const notes = block.table.notes.map(({ letter, text }) => `- [${letter}] ${escapeMarkdown(text)}`)
      return [renderTable(block.table), ...(notes.length === 0 ? [] : [notes.join('\n')])].join('\n\n')
    }
    case 'bars':
    case 'curves':
      return ''
  }
}

export function renderTable(table: Table): string {
  const { heads, rows, numeric } = flatten(table)
  const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`
  return [
    line(heads.map(escapeMarkdown)),
    `|${numeric.map(figures => (figures ? '---:' : '---')).join('|')}|`,
    ...rows.map(({ name, cells }) => line([escapeMarkdown(name), ...cells.map(renderCell)])),
  ].join('\n')
}

/** Notes stand behind their figure as `[a, b]`. */
function renderCell(cell: Cell): string {
  if (typeof cell === 'string' || !('figures' in cell)) return escapeMarkdown(cellText(cell))
  const figures = cell.figures.map(figure => {
    const letters = figure.notes.map(({ letter }) => letter).join(', ')
    return `${figureText(figure)}${letters === '' ? '' : ` [${letters}]`}`
  })
  return escapeMarkdown(figures.join('; '))
}

export function escapeMarkdown(text: string): string {
  return text.replace(/[\\|<>*_`]/g, '\\$&').replace(/\s*\n\s*/g, ' ')
}
