import type { Block } from './block.ts'

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
    case 'table':
      return renderTable(block.columns, block.rows, block.cells)
    case 'chart':
      return ''
  }
}

export function renderTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  cells: 'numbers' | 'words',
): string {
  const line = (texts: readonly string[]) => `| ${texts.map(escapeMarkdown).join(' | ')} |`
  const rule = `|${columns.map((_, index) => (index > 0 && cells === 'numbers' ? '---:' : '---')).join('|')}|`
  return [line(columns), rule, ...rows.map(line)].join('\n')
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\|<>*_`]/g, '\\$&').replace(/\s*\n\s*/g, ' ')
}
