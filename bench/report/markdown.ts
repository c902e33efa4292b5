import type { Block, Cell, Content, Table } from './block.ts'

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
  const line = (contents: readonly Content[]) => `| ${contents.map(renderCell).join(' | ')} |`
  const rule = `|${columns.map((_, index) => (index > 0 && cells === 'numbers' ? '---:' : '---')).join('|')}|`
  return [line(columns), rule, ...rows.map(line)].join('\n')
}

function renderCell(content: Content): string {
  return [content].flat().map(renderPart).join('')
}

/** Notes stand behind the figure as `[2, 5]`. */
function renderPart(part: string | Cell): string {
  if (typeof part === 'string') return escapeMarkdown(part)
  const notes = part.notes.length === 0 ? '' : ` [${part.notes.join(', ')}]`
  return escapeMarkdown(`${part.text}${notes}`)
}

export function escapeMarkdown(text: string): string {
  return text.replace(/[\\|<>*_`]/g, '\\$&').replace(/\s*\n\s*/g, ' ')
}
