import type { Block, Cell, Table } from './block.ts'

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
    case 'notes':
      return block.items.map((item, index) => `${index + 1}. ${escapeMarkdown(item)}`).join('\n')
    case 'table':
      return renderTable(block)
    case 'chart':
    case 'curve':
      return ''
  }
}

export function renderTable({ columns, rows, cells }: Omit<Table, 'kind'>): string {
  const line = (texts: readonly (string | Cell)[]) => `| ${texts.map(renderCell).join(' | ')} |`
  const rule = `|${columns.map((_, index) => (index > 0 && cells === 'numbers' ? '---:' : '---')).join('|')}|`
  return [line(columns), rule, ...rows.map(line)].join('\n')
}

/** Notes stand behind the figure as `[2, 5]`. */
function renderCell(cell: string | Cell): string {
  if (typeof cell === 'string') return escapeMarkdown(cell)
  const notes = cell.notes.length === 0 ? '' : ` [${cell.notes.join(', ')}]`
  return escapeMarkdown(`${cell.text}${notes}`)
}

export function escapeMarkdown(text: string): string {
  return text.replace(/[\\|<>*_`]/g, '\\$&').replace(/\s*\n\s*/g, ' ')
}
